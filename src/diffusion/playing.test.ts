import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { renderSchedule, type Schedule, type ScheduleRow, type SolverName } from "./index.ts";

const SOLVERS: readonly SolverName[] = ["euler", "unipc", "dpmpp2m"];

const anySchedule = fc
  .record({
    solver: fc.constantFrom(...SOLVERS),
    shift: fc.double({ min: 0.5, max: 20, noNaN: true }),
    boundary: fc.double({ min: 0, max: 1, noNaN: true }),
    steps: fc.integer({ min: 1, max: 60 }),
  })
  .map(({ steps, ...sampler }) => renderSchedule(sampler, steps));

const pixel = fc.double({ min: -4, max: 4, noNaN: true });

/** Plays a schedule on one number instead of a latent; `unfilled` stands in the slots not yet written. */
function play(
  schedule: Schedule,
  start: number,
  velocity: (x: number, row: ScheduleRow) => number,
  unfilled = 0,
): number {
  let state = [start, ...new Array<number>(schedule.stateSize - 1).fill(unfilled)];
  for (const row of schedule.rows) {
    const columns = [...state, velocity(state[0] ?? Number.NaN, row)];
    state = row.coefficients.map((weights) =>
      weights.reduce((sum, w, i) => sum + w * (columns[i] ?? Number.NaN), 0),
    );
  }
  return state[0] ?? Number.NaN;
}

function firstSigma(schedule: Schedule): number {
  return schedule.rows[0]?.sigma ?? Number.NaN;
}

describe("any schedule", () => {
  it("falls from a sigma near 1 to 0, row by row", () => {
    fc.assert(
      fc.property(anySchedule, ({ rows, steps }) => {
        expect(rows).toHaveLength(steps);
        rows.forEach((row, index) => {
          expect(row.sigmaNext).toBeLessThan(row.sigma);
          expect(row.sigmaNext).toBe(rows[index + 1]?.sigma ?? 0);
          expect(row.timestep).toBeLessThanOrEqual(row.sigma * 1000 + 1e-3);
          expect(row.timestep).toBeGreaterThan(row.sigma * 1000 - 1.001);
        });
      }),
    );
  });

  it("gives its high-noise steps first", () => {
    fc.assert(
      fc.property(anySchedule, ({ rows, boundary }) => {
        const expected = rows.map(({ timestep }) =>
          timestep >= boundary * 1000 ? "high_noise" : "low_noise",
        );
        const experts = rows.map((row) => row.expert);
        expect(experts).toEqual(expected);
        expect(experts.lastIndexOf("high_noise")).toBeLessThan((experts.indexOf("low_noise") + 999) % 999);
      }),
    );
  });

  it("has finite matrices of the size it names", () => {
    fc.assert(
      fc.property(anySchedule, ({ rows, stateSize }) => {
        for (const { coefficients } of rows) {
          expect(coefficients).toHaveLength(stateSize);
          expect(
            coefficients.every((row) => row.length === stateSize + 1 && row.every(Number.isFinite)),
          ).toBe(true);
        }
      }),
    );
  });

  it("keeps a state of equal latents where the velocity is 0: weights of the state sum to 1 in every filled row", () => {
    fc.assert(
      fc.property(anySchedule, ({ rows, stateSize }) => {
        rows.forEach(({ coefficients }, index) => {
          coefficients.forEach((weights, slot) => {
            const sum = weights.slice(0, stateSize).reduce((total, weight) => total + weight, 0);
            const unfilled = slot === 3 && index === 0;
            expect(sum).toBeCloseTo(unfilled ? 0 : 1, 9);
          });
        });
      }),
    );
  });

  it("never reads a slot that no row has written", () => {
    const bent = (x: number, row: ScheduleRow) => Math.tanh(x) + Math.sin(row.timestep / 100);
    fc.assert(
      fc.property(anySchedule, pixel, (schedule, start) => {
        expect(play(schedule, start, bent, 1e30)).toBe(play(schedule, start, bent));
      }),
    );
  });
});

describe("a straight path", () => {
  const clips = fc.tuple(pixel, pixel, fc.constantFrom(1, 3, 5, 12));

  it.each(SOLVERS)("ends on the clip with %s in 1 to 60 steps", (solver) => {
    for (let steps = 1; steps <= 60; steps += 1) {
      fc.assert(
        fc.property(clips, ([clip, noise, shift]) => {
          const schedule = renderSchedule({ solver, shift, boundary: 0.875 }, steps);
          const sigma = firstSigma(schedule);
          const end = play(schedule, (1 - sigma) * clip + sigma * noise, () => noise - clip);
          expect(Math.abs(end - clip), `${steps} steps`).toBeLessThan(1e-9);
        }),
        { numRuns: 20 },
      );
    }
  });
});

describe("a bent path", () => {
  // The exact flow of Gaussian data with standard deviation 0.5: x(sigma) = x(1)·sqrt((1 − sigma)²/4 + sigma²).
  const spread = (sigma: number) => Math.hypot((1 - sigma) / 2, sigma);
  const velocity = (x: number, { sigma }: ScheduleRow) =>
    (x * (sigma - (1 - sigma) / 4)) / spread(sigma) ** 2;

  function error(solver: SolverName, steps: number): number {
    const schedule = renderSchedule({ solver, shift: 3, boundary: 0.875 }, steps);
    return Math.abs(play(schedule, spread(firstSigma(schedule)), velocity) - 0.5);
  }

  it.each(SOLVERS)("is followed better by %s the more steps there are", (solver) => {
    const errors = [10, 20, 40, 80, 160].map((steps) => error(solver, steps));
    expect(errors).toEqual(errors.toSorted((one, other) => other - one));
  });

  it("is followed better by DPM++ 2M than by Euler, and better still by UniPC", () => {
    expect(error("dpmpp2m", 40)).toBeLessThan(error("euler", 40) / 5);
    expect(error("unipc", 40)).toBeLessThan(error("dpmpp2m", 40) / 2);
  });
});
