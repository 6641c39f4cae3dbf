import { STAGES } from "../../client/index.ts";
import type { RunRecords } from "../records/collect.ts";
import type { Counted, ModelCounts } from "../records/types.ts";
import { mean } from "../stats/bootstrap.ts";
import type { ModelTime, TimePart, TimeTree } from "./types.ts";

/** Nanoseconds in all as milliseconds a request; exact until the last division. */
function perRequest([, ns]: Counted, requests: number): number {
  return Number(BigInt(ns) / 1000n) / 1000 / requests;
}

function timeOf(counts: ModelCounts, requests: number): ModelTime {
  // A failed call took time as well, and belongs to a request that was made.
  const calls = Number(counts.success[0]) + Number(counts.fail[0]);
  const perRequestMs = perRequest(counts.success, requests) + perRequest(counts.fail, requests);
  return {
    model: counts.model,
    callsPerRequest: calls / requests,
    perCallMs: calls === 0 ? 0 : (perRequestMs * requests) / calls,
    perRequestMs,
    queueMs: perRequest(counts.queue, requests),
    inputMs: perRequest(counts.input, requests),
    inferMs: perRequest(counts.infer, requests),
    outputMs: perRequest(counts.output, requests),
  };
}

/** The models that are a stage: shared ones bear its name, those of a variant have the variant's before it. */
function modelsOf(run: RunRecords, stage: string): Set<string> {
  const variants = Object.keys(run.start.pipeline.variants);
  return new Set([stage, ...variants.map((variant) => `${variant}_${stage}`)]);
}

function doorsOf(run: RunRecords): Set<string> {
  const { measurement, pipeline } = run.start;
  const doors = measurement.mix.variants.map(({ variant }) => pipeline.variants[variant]?.[measurement.door]);
  return new Set(doors.filter((door) => door !== undefined));
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/**
 * Where the time of a request went. Client is what lies outside the front door: lateness, the client's own work, the
 * network. Residual is what lies inside it and in no stage: hand-overs between models.
 *
 * @returns Undefined where nothing succeeded, or the server's counters are not recorded.
 */
export function timeTree(run: RunRecords): TimeTree | undefined {
  const requests = run.succeeded.count;
  const doors = doorsOf(run);
  const counts = run.end?.models ?? [];
  const door = counts.filter(({ model }) => doors.has(model)).map((one) => timeOf(one, requests));
  if (requests === 0 || door.length === 0) return undefined;
  const stages = STAGES.map((stage): Omit<TimePart, "share"> => {
    const names = modelsOf(run, stage);
    const models = counts.filter(({ model }) => names.has(model)).map((one) => timeOf(one, requests));
    return { name: stage, perRequestMs: sum(models.map((one) => one.perRequestMs)), models };
  });
  const wholeMs = mean(run.succeeded.responseMs());
  const insideMs = sum(door.map((one) => one.perRequestMs));
  const queueMs = sum(door.map((one) => one.queueMs));
  const residualMs = insideMs - queueMs - sum(stages.map((one) => one.perRequestMs));
  const parts = [
    { name: "client", perRequestMs: wholeMs - insideMs, models: [] },
    { name: "queue", perRequestMs: queueMs, models: door },
    ...stages,
    { name: "residual", perRequestMs: residualMs, models: [] },
  ];
  const served = sum(door.map(({ callsPerRequest }) => callsPerRequest)) * requests;
  return {
    wholeMs,
    parts: parts.map((part) => ({ ...part, share: part.perRequestMs / wholeMs })),
    foreignRequests: Math.round(served) - requests,
  };
}
