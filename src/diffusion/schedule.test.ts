import { describe, expect, it } from "vitest";
import { isTriptychError } from "../errors/index.ts";
import {
  expertSplit,
  highNoiseSteps,
  highNoiseThreshold,
  renderSchedule,
  type Sampler,
  type Schedule,
  type SolverName,
} from "./index.ts";

const SHIFTS = [12, 8, 5, 3] as const;

function schedule(solver: SolverName, steps: number, shift = 12, boundary = 0.875): Schedule {
  return renderSchedule({ solver, shift, boundary }, steps);
}

function timesteps(solver: SolverName, steps: number, shift: number): number[] {
  return schedule(solver, steps, shift).rows.map((row) => row.timestep);
}

/** The timesteps that Wan2.2's own 40-step sampler visits with shift 12; the experts switch after 877. */
const WAN_40 = [
  999, 997, 995, 993, 990, 988, 985, 982, 979, 976, 972, 969, 965, 961, 956, 952, 947, 941, 936, 929, 922,
  915, 907, 898, 888, 877, 865, 852, 837, 819, 799, 776, 749, 717, 678, 631, 571, 492, 386, 235,
];

/** The same for diffusers' UniPCMultistepScheduler; the experts switch after 878. */
const DIFFUSERS_40 = [
  999, 997, 995, 993, 990, 988, 985, 982, 979, 976, 973, 969, 965, 961, 957, 952, 947, 942, 936, 930, 923,
  915, 907, 898, 889, 878, 866, 852, 837, 820, 800, 777, 750, 719, 680, 633, 573, 496, 391, 242,
];

describe("timesteps", () => {
  it("are Wan's own on the DPM++ grid", () => {
    expect(timesteps("dpmpp2m", 40, 12)).toEqual(WAN_40);
  });

  it("are those of diffusers on the UniPC grid, Wan's own for the first ten steps", () => {
    expect(timesteps("unipc", 40, 12)).toEqual(DIFFUSERS_40);
    expect(DIFFUSERS_40.slice(0, 10)).toEqual(WAN_40.slice(0, 10));
  });

  it("are those of the four-step distillations on the Euler grid", () => {
    expect(timesteps("euler", 4, 5)).toEqual([1000, 937.5, Math.fround(2500 / 3), 625]);
  });
});

describe("high-noise steps", () => {
  // One row a step count; the columns are shifts 12, 8, 5, 3.
  const COUNTS: Record<number, Record<"unipc" | "dpmpp2m", Record<number, readonly number[]>>> = {
    0.875: {
      unipc: {
        50: [32, 27, 21, 16],
        40: [26, 22, 17, 13],
        30: [19, 17, 13, 10],
        20: [13, 11, 9, 7],
        12: [8, 7, 6, 4],
        10: [7, 6, 5, 4],
        8: [6, 5, 4, 3],
        6: [4, 4, 3, 2],
        4: [3, 3, 2, 2],
      },
      dpmpp2m: {
        50: [32, 27, 21, 15],
        40: [26, 22, 17, 12],
        30: [19, 16, 13, 9],
        20: [13, 11, 9, 6],
        12: [8, 7, 5, 4],
        10: [7, 6, 5, 3],
        8: [6, 5, 4, 3],
        6: [4, 4, 3, 2],
        4: [3, 3, 2, 2],
      },
    },
    0.9: {
      unipc: {
        50: [29, 24, 18, 13],
        40: [23, 19, 15, 11],
        30: [18, 15, 11, 8],
        20: [12, 10, 8, 6],
        12: [7, 6, 5, 4],
        10: [6, 5, 4, 3],
        8: [5, 4, 3, 3],
        6: [4, 3, 3, 2],
        4: [3, 2, 2, 2],
      },
      dpmpp2m: {
        50: [29, 24, 18, 13],
        40: [23, 19, 15, 10],
        30: [18, 15, 11, 8],
        20: [12, 10, 8, 5],
        12: [7, 6, 5, 3],
        10: [6, 5, 4, 3],
        8: [5, 4, 3, 2],
        6: [4, 3, 3, 2],
        4: [3, 2, 2, 1],
      },
    },
  };

  const cases = Object.entries(COUNTS).flatMap(([boundary, solvers]) =>
    Object.entries(solvers).flatMap(([solver, rows]) =>
      Object.entries(rows).map(([steps, counts]) => ({
        boundary: Number(boundary),
        solver: solver as SolverName,
        steps: Number(steps),
        counts,
      })),
    ),
  );

  it.each(cases)("$solver, boundary $boundary, $steps steps", ({ boundary, solver, steps, counts }) => {
    expect(SHIFTS.map((shift) => highNoiseSteps(schedule(solver, steps, shift, boundary)))).toEqual(counts);
  });

  it("are the first two of four in the distilled draft", () => {
    const draft = schedule("euler", 4, 5);
    expect(draft.rows.map((row) => row.expert)).toEqual([
      "high_noise",
      "high_noise",
      "low_noise",
      "low_noise",
    ]);
    expect(expertSplit(draft)).toEqual({ highNoise: 2, lowNoise: 2 });
  });

  it("include a timestep that lies on the boundary", () => {
    expect(expertSplit(schedule("euler", 4, 5, 0.9375))).toEqual({ highNoise: 2, lowNoise: 2 });
    expect(expertSplit(schedule("euler", 4, 5, 1))).toEqual({ highNoise: 1, lowNoise: 3 });
  });

  it("may be all or none", () => {
    expect(expertSplit(schedule("unipc", 10, 5, 0))).toEqual({ highNoise: 10, lowNoise: 0 });
    expect(expertSplit(schedule("unipc", 10, 5, 1))).toEqual({ highNoise: 0, lowNoise: 10 });
  });
});

describe("high-noise threshold", () => {
  it.each([
    [0.875, [0.3684, 0.4667, 0.5833, 0.7]],
    [0.9, [0.4286, 0.5294, 0.6429, 0.75]],
  ])("of boundary %d", (boundary, expected) => {
    const thresholds = SHIFTS.map((shift) => highNoiseThreshold(shift, boundary));
    thresholds.forEach((threshold, index) => {
      expect(threshold).toBeCloseTo(expected[index] ?? Number.NaN, 4);
    });
  });

  it("is the boundary itself without a shift", () => {
    expect(highNoiseThreshold(1, 0.875)).toBe(0.875);
  });
});

describe("refusals", () => {
  const good: Sampler = { solver: "unipc", shift: 5, boundary: 0.875 };

  function refusal(sampler: Partial<Sampler>, steps = 10): string {
    try {
      renderSchedule({ ...good, ...sampler }, steps);
    } catch (error) {
      if (isTriptychError(error, "plan-impossible")) return `${error.message} ${error.hint ?? ""}`;
      throw error;
    }
    return "";
  }

  it.each([0, -1, 2.5, Number.NaN, Infinity, 1001])("%d steps", (steps) => {
    expect(refusal({}, steps)).toMatch(/^steps is .*whole number from 1 to 1000.*sampler\.steps/);
  });

  it.each([0, -5, Number.NaN, Infinity])("shift %d", (shift) => {
    expect(refusal({ shift })).toMatch(/^shift is .*greater than 0.*sampler\.shift/);
    expect(() => highNoiseThreshold(shift, 0.875)).toThrow("shift is");
  });

  it.each([-0.1, 1.1, 875, Number.NaN])("boundary %d", (boundary) => {
    expect(refusal({ boundary })).toMatch(/^boundary is .*from 0 to 1.*sampler\.boundary/);
    expect(() => highNoiseThreshold(5, boundary)).toThrow("boundary is");
  });

  it("a shift so large that float32 cannot tell the noise levels apart", () => {
    expect(refusal({ shift: 1e9 })).toMatch(/does not fall from step to step.*shift nearer to 1/);
    expect(refusal({ shift: 1e12, solver: "dpmpp2m" }, 1)).toMatch(/starts at sigma 1/);
  });

  it("nothing that is served", () => {
    expect(refusal({ shift: 20 }, 100)).toBe("");
  });
});
