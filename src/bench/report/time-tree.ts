import { STAGES } from "../../client/index.ts";
import type { RunRecords } from "../records/collect.ts";
import type { Counted, ModelCounts } from "../records/types.ts";
import { mean } from "../stats/bootstrap.ts";
import type { ForeignCalls, ModelTime, TimePart, TimeTree } from "./types.ts";

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

const SHARED: ReadonlySet<string> = new Set(STAGES);

function callsOf({ success, fail }: ModelCounts): number {
  return Number(BigInt(success[0]) + BigInt(fail[0]));
}

/** Names of what requests of this run call: its front doors, and the models behind them. */
class OwnModels {
  readonly doors: ReadonlySet<string>;
  readonly #variants: readonly string[];

  constructor({ start: { measurement, pipeline } }: RunRecords) {
    this.#variants = [...new Set(measurement.mix.variants.map(({ variant }) => variant))];
    const doors = this.#variants.map((variant) => pipeline.variants[variant]?.[measurement.door]);
    this.doors = new Set(doors.filter((door) => door !== undefined));
  }

  /** The models that are a stage: shared ones bear its name, those of a variant have the variant's before it. */
  stage(stage: string): Set<string> {
    return new Set([stage, ...this.#variants.map((variant) => `${variant}_${stage}`)]);
  }

  has(model: string): boolean {
    const behind = [...STAGES, "denoiser"];
    return this.doors.has(model) || behind.some((name) => this.stage(name).has(model));
  }
}

/** The part of a shared model's counts that is this run's, by its share of the calls: each request makes one. */
function ownPart(counts: ModelCounts, time: ModelTime, requests: number, own: number): ModelTime {
  const calls = callsOf(counts);
  if (!SHARED.has(counts.model) || calls <= own) return time;
  const part = own / calls;
  return {
    ...time,
    callsPerRequest: own / requests,
    perRequestMs: time.perRequestMs * part,
    queueMs: time.queueMs * part,
    inputMs: time.inputMs * part,
    inferMs: time.inferMs * part,
    outputMs: time.outputMs * part,
  };
}

/** What nobody here has called: models of others, and calls of shared ones beyond one a request. */
function foreignCalls(counts: readonly ModelCounts[], models: OwnModels, own: number): ForeignCalls[] {
  return counts.flatMap((one) => {
    const expected = SHARED.has(one.model) ? own : 0;
    const calls = callsOf(one) - expected;
    const isForeign = SHARED.has(one.model) || !models.has(one.model);
    return isForeign && calls > 0 ? [{ model: one.model, calls }] : [];
  });
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Requests of the front doors that are not measured: those of other variants, and of the other kind. */
function otherDoors({ start, end }: RunRecords, { doors }: OwnModels): number {
  const all = Object.values(start.pipeline.variants).flatMap(({ ensemble, stream }) => [ensemble, stream]);
  const others = new Set(all.filter((door) => !doors.has(door)));
  return sum((end?.models ?? []).filter(({ model }) => others.has(model)).map(callsOf));
}

/**
 * Where the time of a request went. Client is what lies outside the front door: lateness, the client's own work, the
 * network. Residual is what lies inside it and in no stage: hand-overs between models. Models that only others called
 * are left out, and of shared ones the others' share of the calls.
 *
 * @returns Undefined where nothing succeeded, or the server's counters are not recorded.
 */
export function timeTree(run: RunRecords): TimeTree | undefined {
  const requests = run.succeeded.count;
  const models = new OwnModels(run);
  const counts = run.end?.models ?? [];
  const ownCounts = counts.filter(({ model }) => models.doors.has(model));
  if (requests === 0 || ownCounts.length === 0) return undefined;
  const door = ownCounts.map((one) => timeOf(one, requests));
  const own = sum(ownCounts.map(callsOf));
  const stages = STAGES.map((stage): Omit<TimePart, "share"> => {
    const names = models.stage(stage);
    const found = counts
      .filter(({ model }) => names.has(model))
      .map((one) => ownPart(one, timeOf(one, requests), requests, own));
    return { name: stage, perRequestMs: sum(found.map((one) => one.perRequestMs)), models: found };
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
  return {
    wholeMs,
    parts: parts.map((part) => ({ ...part, share: part.perRequestMs / wholeMs })),
    foreignRequests: own - requests + otherDoors(run, models),
    foreignCalls: foreignCalls(counts, models, own),
  };
}
