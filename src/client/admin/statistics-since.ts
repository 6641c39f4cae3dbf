import type { BatchStatistics, Duration, ModelStatistics, ResponseStatistics } from "./statistics.ts";

/** What was counted between two readings. */
export interface StatisticsSince extends ModelStatistics {
  /** True if the model was loaded anew in between: the counts are then those since that. */
  readonly reloaded: boolean;
}

/** The counts of `after` less those of `before`; what only one of them has is whole, or left out. */
export function statisticsSince(
  before: readonly ModelStatistics[],
  after: readonly ModelStatistics[],
): StatisticsSince[] {
  return after.map((now) => {
    const then = before.find(({ name, version }) => name === now.name && version === now.version);
    if (then === undefined) return { ...now, reloaded: false };
    const less = difference(now, then);
    return isBackwards(less) ? { ...now, reloaded: true } : { ...less, reloaded: false };
  });
}

/** Memory and the time of the last inference are what they are now. */
function difference(now: ModelStatistics, then: ModelStatistics): ModelStatistics {
  return {
    ...now,
    ...durations(now, then),
    inferenceCount: now.inferenceCount - then.inferenceCount,
    executionCount: now.executionCount - then.executionCount,
    batches: now.batches.map((batch) => withoutBefore(batch, then.batches, sameSize)),
    responses: now.responses.map((response) => withoutBefore(response, then.responses, sameIndex)),
  };
}

/** A counter only ever grows while a model stays loaded. */
function isBackwards({ inferenceCount, executionCount, success, fail }: ModelStatistics): boolean {
  return [inferenceCount, executionCount, success.count, fail.count].some((count) => count < 0n);
}

function withoutBefore<T extends object>(now: T, before: readonly T[], isSame: (a: T, b: T) => boolean): T {
  const then = before.find((one) => isSame(one, now));
  return then === undefined ? now : { ...now, ...durations(now, then) };
}

function sameSize(one: BatchStatistics, other: BatchStatistics): boolean {
  return one.size === other.size;
}

function sameIndex(one: ResponseStatistics, other: ResponseStatistics): boolean {
  return one.index === other.index;
}

/** Every duration of the first, less the same one of the second. */
function durations<T extends object>(now: T, then: T): Partial<T> {
  const entries = Object.entries(now as Record<string, unknown>).flatMap(([name, value]) => {
    const earlier: unknown = then[name as keyof T];
    return isDuration(value) && isDuration(earlier) ? [[name, minus(value, earlier)]] : [];
  });
  return Object.fromEntries(entries) as Partial<T>;
}

function isDuration(value: unknown): value is Duration {
  return typeof value === "object" && value !== null && "ns" in value && "count" in value;
}

function minus(now: Duration, then: Duration): Duration {
  return { count: now.count - then.count, ns: now.ns - then.ns };
}
