import { seededRandom } from "../plan/random.ts";

/** A value with its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** More groups would make the resampling slower, and the interval no better. */
const GROUPS = 200;
const DRAWS = 1000;

/** The mean of values. */
export function mean(values: Float64Array | readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return values.length === 0 ? Number.NaN : sum / values.length;
}

/** Means of neighbours, in few groups: requests that follow each other are slow or fast together. */
function groupMeans(values: Float64Array): number[] {
  const size = Math.max(1, Math.ceil(values.length / GROUPS));
  const count = Math.ceil(values.length / size);
  return Array.from({ length: count }, (_, group) => mean(values.subarray(group * size, (group + 1) * size)));
}

/**
 * 95 % interval of a statistic by resampling its values with a fixed seed, so that a report can be made again.
 *
 * @returns Nothing where there are fewer than 5 values, which carry no interval.
 */
export function bootstrap(
  values: readonly number[],
  statistic: (values: readonly number[]) => number,
): Estimate | undefined {
  if (values.length < 5) return undefined;
  const random = seededRandom(1, "bootstrap");
  const pick = (): number => values[Math.floor(random() * values.length)] ?? 0;
  const draws = Float64Array.from({ length: DRAWS }, () => statistic(Array.from(values, pick))).sort();
  const at = (q: number): number => draws[Math.floor(q * (DRAWS - 1))] ?? Number.NaN;
  return { value: statistic(values), low: at(0.025), high: at(0.975) };
}

/** The mean of values in the order they came, with its interval. */
export function meanEstimate(values: Float64Array): Estimate | undefined {
  const estimate = bootstrap(groupMeans(values), mean);
  return estimate === undefined ? undefined : { ...estimate, value: mean(values) };
}
