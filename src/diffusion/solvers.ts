import { type Combination, column, sum } from "./combination.ts";
import { multistep } from "./exponential.ts";
import { dpmppGrid, eulerGrid, type Grid, sigmaAt, unipcGrid } from "./grid.ts";
import type { SolverName } from "./sampler.ts";
import { UNIPC_STATE_SIZE, unipcStep } from "./unipc.ts";

/** A solver as data needs it: its noise grid and, for each step, the rows of COEFFICIENTS. */
export interface Solver {
  /** Latents that STATE keeps. */
  readonly stateSize: number;
  readonly grid: (steps: number, shift: number) => Grid;
  readonly step: (grid: Grid, index: number) => readonly Combination[];
}

/** All solvers by the name the spec gives them. */
export const SOLVERS: Readonly<Record<SolverName, Solver>> = {
  euler: { stateSize: 1, grid: eulerGrid, step: eulerStep },
  unipc: { stateSize: UNIPC_STATE_SIZE, grid: unipcGrid, step: unipcStep },
  dpmpp2m: { stateSize: 2, grid: dpmppGrid, step: dpmppStep },
};

/** STATE is `[x]`; `x' = x + (sigma' − sigma)·v`, as diffusers' `FlowMatchEulerDiscreteScheduler` steps. */
function eulerStep(grid: Grid, index: number): readonly Combination[] {
  return [[1, sigmaAt(grid, index + 1) - sigmaAt(grid, index)]];
}

/** STATE is `[x, previous x0-prediction]`; steps as diffusers' `DPMSolverMultistepScheduler` of order 2. */
function dpmppStep(grid: Grid, index: number): readonly Combination[] {
  const x = column(0, 2);
  const before = column(1, 2);
  const m = sum([1, x], [-sigmaAt(grid, index), column(2, 2)]);
  return [multistep(grid, index, { x, m, before }), m];
}
