import { describe, expect, it } from "vitest";
import { seededRandom } from "../plan/random.ts";
import { bootstrap, mean, meanEstimate } from "./bootstrap.ts";
import { boundRanks, fewestFor, percentile } from "./percentile.ts";
import { percentileOf, summaryOf } from "./summary.ts";

const upTo = (n: number): Float64Array => Float64Array.from({ length: n }, (_, index) => index + 1);

describe("percentile", () => {
  it.each([
    [50, 5],
    [90, 29],
    [95, 59],
    [99, 299],
    [99.9, 2995],
  ])("is told of p%d from %d values on, and not of one less", (p, fewest) => {
    expect(fewestFor(p)).toBe(fewest);
    expect(percentile(upTo(fewest - 1), p)).toBeUndefined();
    expect(percentile(upTo(fewest), p)?.p).toBe(p);
  });

  it("is a value that was measured, by nearest rank", () => {
    expect(percentile(upTo(100), 50)?.value).toBe(50);
    expect(percentile(upTo(100), 95)?.value).toBe(95);
    expect(percentile(upTo(101), 50)?.value).toBe(51);
  });

  // From scipy.stats.binom: n, p, the largest l with P(B < l) <= 0.05, the smallest u with P(B < u) >= 0.95.
  it.each([
    [5, 50, 1, 5],
    [6, 50, 1, 6],
    [20, 50, 6, 15],
    [29, 90, 23, 29],
    [59, 95, 53, 59],
    [100, 50, 42, 59],
    [100, 90, 85, 96],
    [299, 99, 293, 299],
    [1000, 95, 938, 962],
    [3000, 99.9, 2994, 3000],
    [1000000, 99, 989836, 990164],
  ])("bounds of %d values, p%f, are the ranks that the binomial distribution gives", (n, p, low, high) => {
    expect(boundRanks(n, p)).toEqual({ low, high });
  });

  it("has bounds that hold: each is missed in about 5 % of samples", () => {
    const random = seededRandom(3, "coverage");
    let above = 0;
    let below = 0;
    for (let sample = 0; sample < 2000; sample += 1) {
      const found = percentile(Float64Array.from({ length: 60 }, random).sort(), 90);
      if ((found?.low ?? 0) > 0.9) above += 1;
      if ((found?.high ?? 0) < 0.9) below += 1;
    }
    // 5 % of 2000 and four standard errors.
    expect(above).toBeLessThan(139);
    expect(below).toBeLessThan(139);
    expect(above + below).toBeGreaterThan(20);
  });
});

describe("bootstrap", () => {
  it("gives the same interval each time, around the value", () => {
    const values = Array.from(upTo(40));
    const first = bootstrap(values, mean);
    expect(bootstrap(values, mean)).toEqual(first);
    expect(first?.value).toBe(20.5);
    // The normal interval is 20.5 ± 1.96 · 11.69 / √40 = 16.9 to 24.1.
    expect(Math.abs((first?.low ?? 0) - 16.9)).toBeLessThan(0.6);
    expect(Math.abs((first?.high ?? 0) - 24.1)).toBeLessThan(0.6);
  });

  it("gives none for fewer than 5 values", () => {
    expect(bootstrap([1, 2, 3, 4], mean)).toBeUndefined();
  });

  it("is wider where neighbours move together", () => {
    const random = seededRandom(2, "drift");
    const alone = Float64Array.from({ length: 4000 }, random);
    const together = Float64Array.from(alone, (_, index) => alone[Math.floor(index / 200) * 200] ?? 0);
    const width = (values: Float64Array): number => {
      const found = meanEstimate(values);
      return (found?.high ?? 0) - (found?.low ?? 0);
    };
    expect(width(together)).toBeGreaterThan(4 * width(alone));
  });
});

describe("summaryOf", () => {
  it("leaves out what n does not carry, and tells n and the greatest", () => {
    const summary = summaryOf(upTo(20));
    expect(summary).toMatchObject({ n: 20, mean: 10.5, min: 1, max: 20 });
    expect(summary?.percentiles.map(({ p }) => p)).toEqual([50]);
    expect(percentileOf(summary, 99)).toBeUndefined();
    expect(summaryOf(upTo(300))?.percentiles.map(({ p }) => p)).toEqual([50, 90, 95, 99]);
    expect(summaryOf(new Float64Array())).toBeUndefined();
    expect(summaryOf(upTo(1))).toEqual({ n: 1, mean: 1, min: 1, max: 1, percentiles: [] });
  });
});
