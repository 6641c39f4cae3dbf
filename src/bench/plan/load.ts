import { TriptychError } from "../../errors/index.ts";
import { seededRandom } from "./random.ts";

/** A number of requests under way all the time: the next one begins when one ends. */
export interface ClosedLoad {
  readonly kind: "closed";
  readonly concurrency: number;
}

/** Requests that are due at times set beforehand, however the server fares. */
export type OpenLoad =
  | { readonly kind: "constant"; readonly perSecond: number }
  | { readonly kind: "poisson"; readonly perSecond: number }
  | { readonly kind: "ramp"; readonly fromPerSecond: number; readonly toPerSecond: number }
  | { readonly kind: "trace"; readonly offsetsMs: readonly number[] };

/** How requests come. */
export type Load = ClosedLoad | OpenLoad;

/** How long: whichever comes first, and at least one of the two; a trace may have neither. */
export interface Extent {
  readonly requests?: number | undefined;
  /** Milliseconds in which requests begin; those under way are waited for. */
  readonly durationMs?: number | undefined;
}

const RATE_HINT = "Name requests per second above 0, such as 0.5.";

/** @throws TriptychError `usage` for what is no number above 0. */
export function requirePositive(name: string, value: number | undefined, hint: string): void {
  if (value === undefined || (Number.isFinite(value) && value > 0)) return;
  throw new TriptychError("usage", `${name}: expected a number above 0, got ${value}.`, { hint });
}

/** @throws TriptychError `usage` for what is no whole number above 0. */
export function requireWhole(name: string, value: number | undefined): void {
  if (value === undefined || (Number.isSafeInteger(value) && value > 0)) return;
  const hint = "Name a count, such as 4.";
  throw new TriptychError("usage", `${name}: expected a whole number above 0, got ${value}.`, { hint });
}

function requireRamp(from: number, to: number): void {
  if (from >= 0 && to >= 0 && Number.isFinite(from + to) && from + to > 0) return;
  throw new TriptychError("usage", `ramp: expected two rates, one of them above 0, got ${from} and ${to}.`, {
    hint: RATE_HINT,
  });
}

function requireTimes(offsetsMs: readonly number[]): void {
  const isTime = (ms: number, index: number): boolean =>
    Number.isFinite(ms) && ms >= Math.max(0, offsetsMs[index - 1] ?? 0);
  if (offsetsMs.length > 0 && offsetsMs.every(isTime)) return;
  throw new TriptychError("usage", "trace: expected milliseconds from the start that never fall.", {
    hint: "Name at least one time, such as 0.",
  });
}

function requireRates(load: Load): void {
  // A program without types may name any kind.
  const { kind } = load as { readonly kind: unknown };
  if (load.kind === "closed") requireWhole("concurrency", load.concurrency);
  else if (load.kind === "constant" || load.kind === "poisson")
    requirePositive("rate", load.perSecond, RATE_HINT);
  else if (load.kind === "ramp") requireRamp(load.fromPerSecond, load.toPerSecond);
  else if (kind === "trace") requireTimes(load.offsetsMs);
  else {
    const kinds = "closed, constant, poisson, ramp or trace";
    throw new TriptychError("usage", `load: expected ${kinds}, got ${String(kind)}.`);
  }
}

/** A load that the requests do not suffice for would be told of and never applied. */
function requireReached(load: Load, { requests }: Extent): void {
  if (load.kind !== "closed" || requests === undefined || requests >= load.concurrency) return;
  const { concurrency } = load;
  throw new TriptychError("usage", `${requests} requests cannot keep ${concurrency} under way.`, {
    hint: `Measure ${concurrency} requests or more; some times as many tell more.`,
  });
}

/** @throws TriptychError `usage` for a load that has no end or no rate, or that its requests do not suffice for. */
export function requireLoad(load: Load, extent: Extent): void {
  requireRates(load);
  requireWhole("requests", extent.requests);
  requirePositive("duration", extent.durationMs, "Name the milliseconds to measure.");
  requireReached(load, extent);
  if (load.kind === "ramp" && extent.durationMs === undefined) {
    const hint = "Name how long the rate takes to get from one end to the other.";
    throw new TriptychError("usage", "ramp: expected a duration, got none.", { hint });
  }
  if (load.kind === "trace" || extent.requests !== undefined || extent.durationMs !== undefined) return;
  const hint = "Name a number of requests, a duration, or both.";
  throw new TriptychError("usage", "expected an end of the measurement, got none.", { hint });
}

function* constant(perSecond: number): Generator<number> {
  for (let index = 0; ; index += 1) yield (index * 1000) / perSecond;
}

function* poisson(perSecond: number, seed: number): Generator<number> {
  const random = seededRandom(seed, "arrivals");
  let at = 0;
  for (;;) {
    at += (-Math.log(1 - random()) * 1000) / perSecond;
    yield at;
  }
}

/** Request n is due when the area below the rate has reached n. */
function* ramp(fromPerMs: number, toPerMs: number, durationMs: number): Generator<number> {
  const slope = (toPerMs - fromPerMs) / durationMs;
  for (let index = 0; ; index += 1) {
    const root = Math.sqrt(fromPerMs * fromPerMs + 2 * slope * index);
    // A rate that falls has an end to what it can send.
    if (Number.isNaN(root)) return;
    yield index === 0 ? 0 : (2 * index) / (fromPerMs + root);
  }
}

function endless(load: OpenLoad, durationMs: number, seed: number): Iterable<number> {
  if (load.kind === "constant") return constant(load.perSecond);
  if (load.kind === "poisson") return poisson(load.perSecond, seed);
  if (load.kind === "trace") return load.offsetsMs;
  return ramp(load.fromPerSecond / 1000, load.toPerSecond / 1000, durationMs);
}

/** Milliseconds from the start at which each request is due, never falling. The same seed gives the same times. */
export function* dueTimes(load: OpenLoad, extent: Extent, seed: number): Generator<number, undefined> {
  const { requests = Infinity, durationMs = Infinity } = extent;
  let count = 0;
  for (const due of endless(load, durationMs, seed)) {
    if (count >= requests || due >= durationMs) return;
    yield due;
    count += 1;
  }
}

/** A load in a few words, such as `4 at a time` or `2/s poisson`. */
export function loadText(load: Load): string {
  if (load.kind === "closed") return `${load.concurrency} at a time`;
  if (load.kind === "ramp") return `${load.fromPerSecond}/s to ${load.toPerSecond}/s`;
  if (load.kind === "trace") return `trace of ${load.offsetsMs.length}`;
  return `${load.perSecond}/s ${load.kind}`;
}
