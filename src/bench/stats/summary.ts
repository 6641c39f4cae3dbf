import { type Estimate, mean, meanEstimate } from "./bootstrap.ts";
import { type Percentile, percentile } from "./percentile.ts";

/** What is told of many values. */
export interface Summary {
  readonly n: number;
  readonly mean: number;
  /** 95 % interval of the mean; absent where n does not carry one. */
  readonly meanInterval?: readonly [number, number];
  readonly min: number;
  readonly max: number;
  /** Only those that n carries. */
  readonly percentiles: readonly Percentile[];
}

/** Percentiles that are told where n carries them. */
export const PERCENTILES = [50, 90, 95, 99, 99.9] as const;

function intervalOf(estimate: Estimate | undefined): Pick<Summary, "meanInterval"> {
  return estimate === undefined ? {} : { meanInterval: [estimate.low, estimate.high] };
}

/** Sums up values in the order they came; undefined where there are none. */
export function summaryOf(values: Float64Array): Summary | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted();
  return {
    n: values.length,
    mean: mean(values),
    ...intervalOf(meanEstimate(values)),
    min: sorted[0] ?? 0,
    max: sorted.at(-1) ?? 0,
    percentiles: PERCENTILES.flatMap((p) => percentile(sorted, p) ?? []),
  };
}

/** The value of one percentile, where n carries it. */
export function percentileOf(summary: Summary | undefined, p: number): Percentile | undefined {
  return summary?.percentiles.find((one) => one.p === p);
}
