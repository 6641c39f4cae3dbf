import { describe, expect, it } from "vitest";
import { type NoisyHost, noisyBlocks } from "../testing/noise.ts";
import { propose, smallestEffect } from "./power.ts";
import { fewestPairs, hodgesLehmann, signedRankBounds, signedRankDistribution } from "./signed-rank.ts";
import { estimateRatio, fewestBlocks, riskOf, type Verdict, verdictOf } from "./verdict.ts";

const SHARED: NoisyHost = { drift: 0.15, jitter: 0.05, spikes: 0.05 };
const QUIETER: NoisyHost = { drift: 0.08, jitter: 0.03, spikes: 0.02 };
const RUNS = 200;

/** Verdicts of many runs of a gate with one relative check, a look after each of some numbers of blocks. */
function verdicts(effect: number, tolerance: number, looks: readonly number[], host: NoisyHost): Verdict[] {
  const risk = riskOf(1, looks.length);
  return Array.from({ length: RUNS }, (_, seed) => {
    const all = noisyBlocks(seed + 1, looks.at(-1) ?? 0, effect, host);
    let verdict: Verdict = "inconclusive";
    for (const blocks of looks) {
      if (verdict === "inconclusive")
        verdict = verdictOf(estimateRatio(all.slice(0, blocks), risk), tolerance);
    }
    return verdict;
  });
}

const share = (all: readonly Verdict[], wanted: Verdict): number =>
  all.filter((one) => one === wanted).length / all.length;

/** What `gate calibrate` does: looks at the spread of an A/A run, and proposes. */
function calibrated(effect: number): { readonly blocks: number; readonly tolerance: number } {
  const found = propose(noisyBlocks(999, 60, 0, QUIETER), effect, riskOf(1, 1));
  if (found === undefined) throw new TypeError("no proposal");
  return found;
}

describe("the signed-rank distribution", () => {
  it("is the one of the tables", () => {
    // Sums of three ranks: 0, 1, 2, 3 twice, 4, 5, 6, each one in eight.
    expect([...signedRankDistribution(3)]).toEqual([1, 2, 3, 5, 6, 7, 8].map((count) => count / 8));
    // Critical values of 0.05 on one side, as printed in textbooks.
    for (const [n, sum] of [
      [5, 0],
      [8, 5],
      [10, 10],
      [15, 30],
      [20, 60],
      [25, 100],
    ] as const) {
      expect(signedRankDistribution(n)[sum], `${n}`).toBeLessThanOrEqual(0.05);
      expect(signedRankDistribution(n)[sum + 1], `${n}`).toBeGreaterThan(0.05);
    }
  });

  it("gives no bound where even all pairs on one side prove nothing", () => {
    expect(fewestPairs(0.05)).toBe(5);
    expect(signedRankBounds([1, 2, 3, 4], 0.05)).toBeUndefined();
    expect(signedRankBounds([1, 2, 3, 4, 5], 0.05)).toEqual({ low: 1, high: 5 });
  });
});

describe("the Hodges-Lehmann estimate", () => {
  it("is the median of the averages, and hardly moved by an outlier", () => {
    expect(hodgesLehmann([1, 2, 4])).toBe(2.25);
    expect(hodgesLehmann([0.1, 0.11, 0.09, 0.1, 9])).toBeCloseTo(0.105, 6);
  });
});

describe("a verdict", () => {
  it("takes certainty in both directions", () => {
    const sure = { n: 20, spread: 0.1 };
    expect(verdictOf({ ...sure, ratio: 1.2, atLeast: 1.15, atMost: 1.25 }, 0.1)).toBe("failed");
    expect(verdictOf({ ...sure, ratio: 1.2, atLeast: 1.01, atMost: 1.4 }, 0.1)).toBe("failed");
    expect(verdictOf({ ...sure, ratio: 1.2, atLeast: 0.98, atMost: 1.4 }, 0.1)).toBe("inconclusive");
    expect(verdictOf({ ...sure, ratio: 1.05, atLeast: 1.02, atMost: 1.08 }, 0.1)).toBe("passed");
    expect(verdictOf({ ...sure, ratio: 1.05, atLeast: 1.02, atMost: 1.12 }, 0.1)).toBe("inconclusive");
  });

  it("takes enough blocks", () => {
    const slow = Array.from({ length: 20 }, (_, index) => 0.5 + index / 1000);
    const few = estimateRatio(slow.slice(0, 6), riskOf(1, 1));
    expect(few.atLeast).toBeUndefined();
    expect(verdictOf(few, 0.1)).toBe("inconclusive");
    expect(fewestBlocks(riskOf(1, 1))).toBe(7);
    expect(verdictOf(estimateRatio(slow.slice(0, 7), riskOf(1, 1)), 0.1)).toBe("failed");
  });
});

describe("a gate on a noisy machine, simulated", () => {
  it.each([0.01, 0.05, 0.25])(
    "fails equal builds in no more than 1 of 100 runs, tolerance %d",
    (tolerance) => {
      for (const looks of [[20], [20, 30, 40]]) {
        expect(share(verdicts(0, tolerance, looks, SHARED), "failed")).toBeLessThanOrEqual(0.01);
      }
    },
  );

  it.each([0.1, 0.3])(
    "catches a slowdown of %d in 95 of 100 runs with what it was calibrated to",
    (effect) => {
      const { blocks, tolerance } = calibrated(effect);
      expect(share(verdicts(effect, tolerance, [blocks], QUIETER), "failed")).toBeGreaterThanOrEqual(0.95);
      const equal = verdicts(0, tolerance, [blocks], QUIETER);
      expect(share(equal, "failed")).toBeLessThanOrEqual(0.01);
      expect(share(equal, "passed")).toBeGreaterThanOrEqual(0.9);
    },
  );

  it("says where an effect is too small for the host", () => {
    const logs = noisyBlocks(999, 40, 0, SHARED);
    expect(propose(logs, 0.01, riskOf(1, 1))).toBeUndefined();
    const { spread } = estimateRatio(logs, riskOf(1, 1));
    expect(smallestEffect(spread, 40)).toBeLessThan(smallestEffect(spread, 10));
    expect(smallestEffect(spread, 40)).toBeGreaterThan(0.05);
  });
});
