import { describe, expect, it } from "vitest";
import { type Mix, plannedRequests } from "./mix.ts";
import { seededRandom } from "./random.ts";

const MIX: Mix = {
  variants: [
    { variant: "draft", weight: 3 },
    { variant: "final", weight: 1, steps: 20 },
  ],
  prompts: [
    { text: "a", weight: 1 },
    { text: "b", weight: 1 },
  ],
};

function first(count: number, seed: number) {
  const next = plannedRequests(MIX, seed);
  return Array.from({ length: count }, () => next());
}

describe("plannedRequests", () => {
  it("draws variants and prompts by their weights", () => {
    const all = first(8000, 1);
    const share = (variant: string): number => all.filter((one) => one.variant === variant).length / 8000;
    // Five standard errors of a share of 3/4 among 8000.
    expect(Math.abs(share("draft") - 0.75)).toBeLessThan(0.025);
    expect(all.filter(({ text }) => text === "a").length / 8000).toBeCloseTo(0.5, 1);
    expect(all.filter(({ variant }) => variant === "final").every(({ steps }) => steps === 20)).toBe(true);
    expect(new Set(all.map(({ seed }) => seed)).size).toBeGreaterThan(7990);
    expect(all.map(({ index }) => index).slice(0, 3)).toEqual([0, 1, 2]);
  });

  it("plays the same requests for the same seed, others for another", () => {
    expect(first(20, 5)).toEqual(first(20, 5));
    expect(first(20, 5)).not.toEqual(first(20, 6));
  });

  it("refuses a mix of nothing, and weights that are none", () => {
    expect(() => plannedRequests({ ...MIX, variants: [] }, 1)).toThrow(/at least one variant/);
    expect(() => plannedRequests({ ...MIX, prompts: [{ text: "a", weight: -1 }] }, 1)).toThrow(/got -1/);
  });
});

describe("seededRandom", () => {
  it("spreads evenly, and apart for neighbouring seeds and other uses", () => {
    const random = seededRandom(1, "x");
    const bins = new Array<number>(10).fill(0);
    for (let draw = 0; draw < 50_000; draw += 1) {
      const bin = Math.floor(random() * 10);
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
    // Chi-square of 9 degrees of freedom: above 33.7 once in 10 000.
    const chi = bins.reduce((sum, count) => sum + (count - 5000) ** 2 / 5000, 0);
    expect(chi).toBeLessThan(33.7);
    const start = (seed: number, use: string): number => seededRandom(seed, use)();
    expect(new Set([start(1, "x"), start(2, "x"), start(1, "y"), start(2 ** 33 + 1, "x")]).size).toBe(4);
  });
});
