import { sigmaAt } from "./grid.ts";
import {
  checkBoundary,
  checkSampler,
  checkShift,
  type Expert,
  type Sampler,
  TRAINING_TIMESTEPS,
} from "./sampler.ts";
import { SOLVERS } from "./solvers.ts";

/** One denoising step: `STATE' = coefficients · [STATE; v]`. */
export interface ScheduleRow {
  /** The expert that predicts `v` at `STATE[0]`. */
  readonly expert: Expert;
  /** What the expert is told, in 0 to 1000; whole for UniPC and DPM++, a float32 value for Euler. */
  readonly timestep: number;
  /** Noise level of `STATE[0]` before the step, 0 to 1. */
  readonly sigma: number;
  /** Noise level after the step; 0 in the last row. */
  readonly sigmaNext: number;
  /** `stateSize` rows of `stateSize + 1` weights; the last weight of a row is that of `v`. */
  readonly coefficients: readonly (readonly number[])[];
}

/**
 * A whole denoising run as data.
 *
 * A player starts with STATE = [noise, 0, …, 0] and needs no other knowledge of the solver: the matrices
 * give weight 0 to every slot that no earlier row has filled.
 */
export interface Schedule extends Sampler {
  readonly steps: number;
  /** Latents that STATE keeps; `STATE[0]` is always the sample that the expert sees. */
  readonly stateSize: number;
  readonly rows: readonly ScheduleRow[];
}

/** How many steps each expert takes. */
export interface ExpertSplit {
  readonly highNoise: number;
  readonly lowNoise: number;
}

/**
 * Computes the schedule of a sampler for a number of steps, in FP64.
 *
 * @param steps - expert evaluations, 1 to 1000
 * @throws TriptychError `plan-impossible` where no such schedule exists
 *
 * @example
 * ```ts
 * import { renderSchedule } from "triptych-sdk";
 *
 * const schedule = renderSchedule({ solver: "euler", shift: 5, boundary: 0.875 }, 4);
 * for (const { expert, timestep } of schedule.rows) console.log(expert, timestep);
 * ```
 */
export function renderSchedule(sampler: Sampler, steps: number): Schedule {
  checkSampler(sampler, steps);
  const { solver, shift, boundary } = sampler;
  const { stateSize, grid: gridOf, step } = SOLVERS[solver];
  const grid = gridOf(steps, shift);
  const rows = grid.timesteps.map((timestep, index) => ({
    expert: expertAt(timestep, boundary),
    timestep,
    sigma: sigmaAt(grid, index),
    sigmaNext: sigmaAt(grid, index + 1),
    coefficients: step(grid, index),
  }));
  return { solver, steps, shift, boundary, stateSize, rows };
}

/** The number of steps, from the first on, that the high-noise expert takes. */
export function highNoiseSteps(schedule: Schedule): number {
  return schedule.rows.filter((row) => row.expert === "high_noise").length;
}

/** How the steps divide between the experts; an expert with 0 steps need not be loaded. */
export function expertSplit(schedule: Schedule): ExpertSplit {
  const highNoise = highNoiseSteps(schedule);
  return { highNoise, lowNoise: schedule.steps - highNoise };
}

/**
 * The place `u*` on the even grid (1 = noise, 0 = clip) at and above which the high-noise expert runs:
 * `b / (s − (s − 1)·b)`, the inverse of the shift. `1 − u*` is about its share of the steps.
 */
export function highNoiseThreshold(shift: number, boundary: number): number {
  checkShift(shift);
  checkBoundary(boundary);
  return boundary / (shift - (shift - 1) * boundary);
}

/** Compares the sampler's own timestep, before any cast, as Wan's `text2video.py` and `WanPipeline` do. */
function expertAt(timestep: number, boundary: number): Expert {
  return timestep >= boundary * TRAINING_TIMESTEPS ? "high_noise" : "low_noise";
}
