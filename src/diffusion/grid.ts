import { TriptychError } from "../errors/index.ts";
import { TRAINING_TIMESTEPS } from "./sampler.ts";

/**
 * The noise levels that a sampler visits.
 *
 * diffusers keeps sigmas as float32, so these are float32 values too: the logarithms that a solver
 * takes of them in FP64 are then those of the very same noise levels.
 */
export interface Grid {
  /** Sigma before each step and 0 after the last: one more than there are steps. */
  readonly sigmas: readonly number[];
  /** What the expert is told before each step, in 0 to 1000. */
  readonly timesteps: readonly number[];
}

/** How far below 1 the first sigma of UniPC lies, so that its logarithm of `1 − sigma` exists. */
const FIRST_SIGMA_GAP = 1e-6;

/**
 * Grid of diffusers' `UniPCMultistepScheduler` with `use_flow_sigmas`: even in `u` from 1 towards 1/1000,
 * shifted, the first sigma lowered by 1e-6, timesteps cut to whole numbers.
 */
export function unipcGrid(steps: number, shift: number): Grid {
  const even = linspace(1, 1 / TRAINING_TIMESTEPS, steps).slice(0, -1);
  const sigmas = even
    .map((u) => shifted(u, shift))
    .map((sigma, index) => (index === 0 ? belowOne(sigma) : sigma));
  return openGrid(sigmas, sigmas.map(wholeTimestep));
}

/**
 * Grid of diffusers' `DPMSolverMultistepScheduler` with `use_flow_sigmas`: even in `u` from 0.999 towards 0,
 * shifted, timesteps cut to whole numbers. Wan's own repository uses this grid for UniPC as well.
 */
export function dpmppGrid(steps: number, shift: number): Grid {
  const even = linspace(1, 1 / TRAINING_TIMESTEPS, steps).map((alpha) => 1 - alpha);
  const sigmas = even
    .map((u) => shifted(u, shift))
    .reverse()
    .slice(0, -1);
  return openGrid(sigmas, sigmas.map(wholeTimestep));
}

/**
 * Grid of diffusers' `FlowMatchEulerDiscreteScheduler` given `sigmas=linspace(1, 0, N + 1)[:-1]`: shifted in
 * float32 arithmetic, timesteps with their fraction.
 */
export function eulerGrid(steps: number, shift: number): Grid {
  const even = linspace(1, 0, steps).slice(0, -1);
  const sigmas = even.map((u) => shiftedFloat32(Math.fround(u), shift));
  return closedGrid(
    sigmas,
    sigmas.map((sigma) => Math.fround(sigma * TRAINING_TIMESTEPS)),
  );
}

/** Sigma of a grid by its index, where index `steps` is the final 0. */
export function sigmaAt(grid: Grid, index: number): number {
  const sigma = grid.sigmas[index];
  if (sigma === undefined) throw new TriptychError("internal", `A grid has no sigma ${index}.`);
  return sigma;
}

/** `intervals + 1` even points, rounded exactly as numpy.linspace rounds them. */
function linspace(start: number, stop: number, intervals: number): number[] {
  const step = (stop - start) / intervals;
  return Array.from({ length: intervals + 1 }, (_, index) =>
    index === intervals ? stop : index * step + start,
  );
}

function shifted(u: number, shift: number): number {
  return (shift * u) / (1 + (shift - 1) * u);
}

function shiftedFloat32(u: number, shift: number): number {
  const above = Math.fround(Math.fround(shift) * u);
  const below = Math.fround(1 + Math.fround(Math.fround(shift - 1) * u));
  return Math.fround(above / below);
}

function belowOne(sigma: number): number {
  return Math.abs(sigma - 1) < FIRST_SIGMA_GAP ? sigma - FIRST_SIGMA_GAP : sigma;
}

function wholeTimestep(sigma: number): number {
  return Math.trunc(sigma * TRAINING_TIMESTEPS);
}

/** A grid for solvers that need `log(1 − sigma)`, so every sigma must lie below 1. */
function openGrid(sigmas: readonly number[], timesteps: readonly number[]): Grid {
  const grid = closedGrid(sigmas.map(Math.fround), timesteps);
  if (sigmaAt(grid, 0) >= 1) throw unusableGrid("starts at sigma 1");
  return grid;
}

function closedGrid(sigmas: readonly number[], timesteps: readonly number[]): Grid {
  const grid = { sigmas: [...sigmas, 0], timesteps };
  const falls = sigmas.every((sigma, index) => sigma > sigmaAt(grid, index + 1));
  if (!falls) throw unusableGrid("does not fall from step to step");
  return grid;
}

function unusableGrid(fault: string): TriptychError {
  return new TriptychError("plan-impossible", `The noise grid ${fault} in float32.`, {
    hint: "Use a shift nearer to 1 or fewer steps; video models are served with shifts from 1 to 20.",
  });
}
