import { type Combination, column, sum } from "./combination.ts";
import { firstOrder, type Interval, intervalAt, multistep } from "./exponential.ts";
import { type Grid, sigmaAt } from "./grid.ts";

/** Latents that UniPC of order 2 keeps. */
export const UNIPC_STATE_SIZE = 4;

/** The predicted sample, which the expert sees. */
const X = column(0, UNIPC_STATE_SIZE);
/** The corrected sample of the step before. */
const LAST = column(1, UNIPC_STATE_SIZE);
/** The x0-prediction of the step before. */
const BEFORE = column(2, UNIPC_STATE_SIZE);
/** The x0-prediction one step earlier still. */
const BEFORE_THAT = column(3, UNIPC_STATE_SIZE);
const V = column(UNIPC_STATE_SIZE, UNIPC_STATE_SIZE);
const NOTHING = sum([0, X]);

/**
 * The rows of COEFFICIENTS of a UniPC step (Zhao et al., arXiv 2302.04867), order 2, `bh2`, predicting x0,
 * as diffusers' `UniPCMultistepScheduler` takes it: correct the sample that the expert has just seen,
 * then predict the next one from the corrected sample.
 */
export function unipcStep(grid: Grid, index: number): readonly Combination[] {
  const m = sum([1, X], [-sigmaAt(grid, index), V]);
  const sample = index === 0 ? X : corrected(grid, index, m);
  const next = multistep(grid, index, { x: sample, m, before: BEFORE });
  return [next, sample, m, index === 0 ? NOTHING : BEFORE];
}

/**
 * UniC: takes the previous step once more, now knowing the prediction `m` at its end.
 * First order in the second step, where only one earlier prediction exists; second order after it.
 */
function corrected(grid: Grid, index: number, m: Combination): Combination {
  const interval = intervalAt(grid, index - 1);
  const scale = -interval.alpha * interval.decay;
  const first = firstOrder(interval, LAST, BEFORE);
  const change = sum([1, m], [-1, BEFORE]);
  if (index === 1) return sum([1, first], [scale * 0.5, change]);
  const r = -intervalAt(grid, index - 2).h / interval.h;
  const slope = sum([1 / r, BEFORE_THAT], [-1 / r, BEFORE]);
  const [onSlope, onChange] = correctorWeights(interval, r);
  return sum([1, first], [scale * onSlope, slope], [scale * onChange, change]);
}

/** Solves `[[1, 1], [r, 1]]·rho = b`, the order conditions of UniC-2. */
function correctorWeights({ h, decay }: Interval, r: number): readonly [onSlope: number, onChange: number] {
  const phi2 = decay / -h - 1;
  const phi3 = phi2 / -h - 1 / 2;
  const b1 = phi2 / decay;
  const b2 = (2 * phi3) / decay;
  return [(b1 - b2) / (1 - r), (b2 - r * b1) / (1 - r)];
}
