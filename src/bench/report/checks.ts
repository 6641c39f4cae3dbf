import type { RunRecords } from "../records/collect.ts";
import type { EndRecord } from "../records/types.ts";
import { rank } from "../stats/percentile.ts";

/** Whether a measurement can be trusted in one respect; `unknown` where what it takes was not recorded. */
export interface Check {
  readonly name: "requests" | "complete" | "generator" | "host";
  readonly verdict: "passed" | "failed" | "unknown";
  readonly message: string;
}

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

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
const ms = (value: number): string => `${value.toFixed(1)} ms`;

function requestsCheck(run: RunRecords): Check {
  const { count } = run.succeeded;
  if (count > 0) {
    const failed = run.failed === 0 ? "none failed" : `${run.failed} failed`;
    return { name: "requests", verdict: "passed", message: `${count} succeeded, ${failed}` };
  }
  const kinds = [...run.errors.values()].map(({ code, count: times }) => `${times} ${code}`);
  const message =
    kinds.length === 0
      ? "no request was measured; measure for longer"
      : `no request succeeded: ${kinds.join(", ")}`;
  return { name: "requests", verdict: "failed", message };
}

function completeCheck({ end }: RunRecords): Check {
  if (end === undefined)
    return { name: "complete", verdict: "unknown", message: "the run was cut off; its end is not recorded" };
  if (end.interrupted)
    return { name: "complete", verdict: "unknown", message: "interrupted: fewer requests than were planned" };
  return { name: "complete", verdict: "passed", message: "the run came to its planned end" };
}

/** Share of the planned rate at which requests were sent: 1 where none was late. */
function rateShare(run: RunRecords): number {
  const due = run.lastDueMs - run.firstDueMs;
  const sent = run.lastSentMs - run.firstDueMs;
  return due <= 0 || sent <= due ? 1 : due / sent;
}

function lateness(run: RunRecords, medianMs: number): string[] {
  const lag = rank(run.lagMs.values().toSorted(), 99);
  const limit = Math.max(MIN_LAG_MS, MAX_LAG_SHARE * medianMs);
  const share = rateShare(run);
  return [
    ...(lag > limit
      ? [`requests were sent up to ${ms(lag)} after they were due, more than ${ms(limit)}`]
      : []),
    ...(share < MIN_RATE_SHARE ? [`${percent(share)} of the planned rate was sent`] : []),
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

/** Everything that has to hold for a run to be trusted. */
export function checksOf(run: RunRecords): Check[] {
  return [requestsCheck(run), completeCheck(run), generatorCheck(run), hostCheck(run)];
}
