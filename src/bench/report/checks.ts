import type { RunRecords } from "../records/collect.ts";
import type { EndRecord, Measurement } from "../records/types.ts";
import { rank } from "../stats/percentile.ts";
import { timeTree } from "./time-tree.ts";
import type { Check, TimeTree } from "./types.ts";

/** A sender beyond these was part of what it measured. */
const MIN_RATE_SHARE = 0.98;
const MAX_UTILIZATION = 0.85;
const MIN_LAG_MS = 1;
const MAX_LAG_SHARE = 0.1;
const MAX_LOOP_DELAY_SHARE = 0.2;

/** Shares of all cores beyond which somebody else was part of what was measured. */
const MAX_STEAL = 0.05;
const MAX_OTHERS = 0.2;
const MAX_SPIN = 1.5;

/** Parts of a response that are below zero by more than this share of it are no rounding. */
const MAX_EXCESS = 0.02;

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
const exactPercent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const ms = (value: number): string => `${value.toFixed(1)} ms`;

function kindsOf({ errors }: RunRecords): string {
  return [...errors.values()].map(({ code, count }) => `${count} ${code}`).join(", ");
}

function requestsCheck(run: RunRecords): Check {
  const { count } = run.succeeded;
  if (count > 0) {
    const failed = run.failed === 0 ? "none failed" : `${run.failed} failed`;
    return { name: "requests", verdict: "passed", message: `${count} succeeded, ${failed}` };
  }
  const message =
    run.failed === 0
      ? "no request was measured; measure for longer"
      : `no request succeeded: ${kindsOf(run)}`;
  return { name: "requests", verdict: "failed", message };
}

/** Failed requests are the server's doing: they make no number here wrong, and no clip either. */
function failuresCheck(run: RunRecords): Check {
  const { failed } = run;
  if (failed === 0) return { name: "failures", verdict: "passed", message: "no request failed" };
  const all = failed + run.succeeded.count;
  const message = `${failed} of ${all} requests failed (${exactPercent(failed / all)}): ${kindsOf(run)}`;
  return { name: "failures", verdict: "warned", message };
}

/** How many requests a run that came to its end must have; undefined where time decides. */
function plannedCount({ load, extent: { requests, durationMs } }: Measurement): number | undefined {
  if (durationMs !== undefined || load.kind === "ramp") return undefined;
  return load.kind === "trace" ? Math.min(requests ?? Infinity, load.offsetsMs.length) : requests;
}

function completeCheck(run: RunRecords): Check {
  const { end, start, failed, succeeded } = run;
  const isCut = end === undefined;
  if (isCut || end.interrupted) {
    const message = isCut
      ? "the run was cut off; its end is not recorded"
      : "interrupted: fewer requests than were planned";
    return { name: "complete", verdict: "unknown", message };
  }
  const planned = plannedCount(start.measurement);
  const count = failed + succeeded.count;
  if (planned === undefined || planned === count)
    return { name: "complete", verdict: "passed", message: "the run came to its planned end" };
  return {
    name: "complete",
    verdict: "failed",
    message: `${count} of ${planned} planned requests are recorded`,
  };
}

/** Share of the planned rate at which requests were sent: 1 where none was late by more than a request may be. */
function rateShare(run: RunRecords, lagLimit: number): number {
  const due = run.lastDueMs - run.firstDueMs;
  const sent = run.lastSentMs - run.firstDueMs;
  // Of a short plan a millisecond is some percent.
  return due <= 0 || sent <= due + lagLimit ? 1 : due / sent;
}

function lateness(run: RunRecords, medianMs: number): string[] {
  const lag = rank(run.lagMs.values().toSorted(), 99);
  const limit = Math.max(MIN_LAG_MS, MAX_LAG_SHARE * medianMs);
  const share = rateShare(run, limit);
  return [
    ...(lag > limit
      ? [`requests were sent up to ${ms(lag)} after they were due, more than ${ms(limit)}`]
      : []),
    ...(share < MIN_RATE_SHARE
      ? [`${exactPercent(share)} of the planned rate was sent, less than ${percent(MIN_RATE_SHARE)}`]
      : []),
  ];
}

function ownTrouble(run: RunRecords, { generator }: EndRecord, medianMs: number): string[] {
  const { utilization, loopDelayP99Ms, capped } = generator;
  const limit = Math.max(MIN_LAG_MS, MAX_LOOP_DELAY_SHARE * medianMs);
  // An open loop spins until a request is due, so that there its being busy means nothing.
  const isClosed = run.start.measurement.load.kind === "closed";
  return [
    ...(isClosed && utilization > MAX_UTILIZATION
      ? [`the sender's event loop was busy ${percent(utilization)} of the time`]
      : []),
    ...(loopDelayP99Ms > limit
      ? [`its timers fired ${ms(loopDelayP99Ms)} late, more than ${ms(limit)}`]
      : []),
    ...(capped > 0 ? [`${capped} requests waited because too many were under way`] : []),
  ];
}

function generatorCheck(run: RunRecords): Check {
  const { end } = run;
  if (end === undefined || run.succeeded.count === 0)
    return { name: "generator", verdict: "unknown", message: "not recorded" };
  const medianMs = rank(run.succeeded.responseMs().toSorted(), 50);
  const troubles = [...lateness(run, medianMs), ...ownTrouble(run, end, medianMs)];
  if (troubles.length === 0)
    return { name: "generator", verdict: "passed", message: "the sender kept to its plan" };
  const message = `the sender was saturated: ${troubles.join("; ")}; lower the load, or send from a machine of its own`;
  return { name: "generator", verdict: "failed", message };
}

function hostCheck({ end }: RunRecords): Check {
  if (end === undefined) return { name: "host", verdict: "unknown", message: "not recorded" };
  const { steal, others, spin } = end.load;
  const troubles = [
    ...(steal > MAX_STEAL ? [`the hypervisor took ${percent(steal)} of its time`] : []),
    ...(others !== undefined && others > MAX_OTHERS
      ? [`other programs used ${percent(others)} of its cores`]
      : []),
    ...(spin > MAX_SPIN
      ? [`a fixed piece of work took ${spin.toFixed(1)} times its best before the run`]
      : []),
  ];
  if (troubles.length > 0) {
    const message = `the machine was noisy: ${troubles.join("; ")}; end what else runs on it`;
    return { name: "host", verdict: "failed", message };
  }
  const unseen = others === undefined ? "; other programs could not be told from the server" : "";
  return { name: "host", verdict: "passed", message: `the machine was quiet${unseen}` };
}

/** Requests that the server had beside these; one that failed here may have been counted or not. */
function strangers({ failed }: RunRecords, { foreignRequests, foreignCalls }: TimeTree): string[] {
  const calls = foreignCalls.map(({ model, calls: count }) => `${model} ${count}`);
  return [
    ...(foreignRequests > failed
      ? [`others sent ${foreignRequests - failed} requests or more to it meanwhile`]
      : []),
    ...(calls.length > 0 ? [`calls that are not of these requests: ${calls.join(", ")}`] : []),
  ];
}

function excess({ parts, wholeMs }: TimeTree): string[] {
  return parts
    .filter(({ share }) => share < -MAX_EXCESS)
    .map(({ name, perRequestMs }) => `${name} is ${ms(perRequestMs)} of ${ms(wholeMs)}, which cannot be`);
}

/** Whether the server's counters are those of the measured requests. */
function serverCheck(run: RunRecords, tree: TimeTree | undefined): Check {
  if (tree === undefined)
    return { name: "server", verdict: "unknown", message: "its counters are not recorded" };
  const troubles = [...strangers(run, tree), ...excess(tree)];
  if (troubles.length === 0)
    return { name: "server", verdict: "passed", message: "its counters are those of these requests" };
  const message = `it was not alone with this load: ${troubles.join("; ")}`;
  return { name: "server", verdict: "warned", message };
}

/** Everything that has to hold for a run to be trusted. */
export function checksOf(run: RunRecords, tree: TimeTree | undefined = timeTree(run)): Check[] {
  return [
    requestsCheck(run),
    failuresCheck(run),
    completeCheck(run),
    generatorCheck(run),
    hostCheck(run),
    serverCheck(run, tree),
  ];
}
