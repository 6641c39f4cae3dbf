import { TriptychError } from "../errors/index.ts";

/** Steps of the noise scale that flow-matching video models are trained with; a timestep is `1000 · sigma`. */
export const TRAINING_TIMESTEPS = 1000;

/** A solver of the probability-flow ODE. */
export type SolverName = "euler" | "unipc" | "dpmpp2m";

/** The expert that predicts the velocity of a step. */
export type Expert = "high_noise" | "low_noise";

/** What a step count still needs to become a schedule. */
export interface Sampler {
  readonly solver: SolverName;
  /** Flow shift `s` in `sigma = s·u / (1 + (s − 1)·u)`; greater than 0, and 1 leaves the grid as it is. */
  readonly shift: number;
  /** The sigma, 0 to 1, at and above which the high-noise expert runs (`boundary_ratio` in diffusers). */
  readonly boundary: number;
}

/** Refuses a sampler or a step count that no schedule exists for. */
export function checkSampler(sampler: Sampler, steps: number): void {
  checkShift(sampler.shift);
  checkBoundary(sampler.boundary);
  if (Number.isInteger(steps) && steps >= 1 && steps <= TRAINING_TIMESTEPS) return;
  throw impossible("steps", steps, `a whole number from 1 to ${TRAINING_TIMESTEPS}`);
}

/** Refuses a flow shift that is not a positive number. */
export function checkShift(shift: number): void {
  if (Number.isFinite(shift) && shift > 0) return;
  throw impossible("shift", shift, "a number greater than 0");
}

/** Refuses a boundary outside 0 to 1. */
export function checkBoundary(boundary: number): void {
  if (boundary >= 0 && boundary <= 1) return;
  throw impossible("boundary", boundary, "a sigma from 0 to 1, such as 0.875");
}

function impossible(name: string, value: number, expected: string): TriptychError {
  return new TriptychError("plan-impossible", `${name} is ${value}; expected ${expected}.`, {
    hint: `Correct sampler.${name} in the spec.`,
  });
}
