import { type Combination, sum } from "./combination.ts";
import { type Grid, sigmaAt } from "./grid.ts";

/**
 * Half the logarithmic signal-to-noise ratio, `ln(alpha / sigma)` with `alpha = 1 − sigma`; the time in which
 * DPM-Solver++ and UniPC take their steps. Infinite at sigma 0.
 */
export function lambda(sigma: number): number {
  return Math.log(1 - sigma) - Math.log(sigma);
}

/** The factors of a step from one sigma to a lower one. */
export interface Interval {
  /** Growth of lambda over the step; infinite where it ends at sigma 0. */
  readonly h: number;
  /** `e^(−h) − 1`: −1 where the step ends at sigma 0. UniPC calls it B(h), in its variant `bh2`. */
  readonly decay: number;
  /** Sigma at the end over sigma at the start. */
  readonly ratio: number;
  /** `1 − sigma` at the end. */
  readonly alpha: number;
}

/** The step from index `from` of a grid to the next. */
export function intervalAt(grid: Grid, from: number): Interval {
  const start = sigmaAt(grid, from);
  const end = sigmaAt(grid, from + 1);
  const h = lambda(end) - lambda(start);
  return { h, decay: Math.expm1(-h), ratio: end / start, alpha: 1 - end };
}

/** The first-order exponential step (DPM-Solver++ 1, which is DDIM) from sample `x` with x0-prediction `m`. */
export function firstOrder(interval: Interval, x: Combination, m: Combination): Combination {
  return sum([interval.ratio, x], [-interval.alpha * interval.decay, m]);
}

/**
 * The multistep predictor: second order, but first order where there is no earlier prediction and at the end.
 *
 * DPM-Solver++ 2M in its midpoint form (Lu et al., arXiv 2211.01095) and UniP-2 with `bh2` (Zhao et al.,
 * arXiv 2302.04867) are the same formula; diffusers has it in `DPMSolverMultistepScheduler` and in
 * `UniPCMultistepScheduler`.
 *
 * @param index - the step, from 0
 * @param x - the sample before the step
 * @param m - the x0-prediction of this step
 * @param before - the x0-prediction of the step before; not looked at in the first step and the last
 */
export function multistep(
  grid: Grid,
  index: number,
  { x, m, before }: { readonly x: Combination; readonly m: Combination; readonly before: Combination },
): Combination {
  const interval = intervalAt(grid, index);
  const first = firstOrder(interval, x, m);
  if (index === 0 || index === grid.timesteps.length - 1) return first;
  const half = (-0.5 * interval.alpha * interval.decay * interval.h) / intervalAt(grid, index - 1).h;
  return sum([1, first], [half, m], [-half, before]);
}
