import { describe, expect, it } from "vitest";
import { parsePrompts, parseTrace } from "./files.ts";
import { dueTimes, type Load, loadText, type OpenLoad, requireLoad } from "./load.ts";

function dues(load: OpenLoad, extent: Parameters<typeof dueTimes>[1], seed = 1): number[] {
  return [...dueTimes(load, extent, seed)];
}

describe("dueTimes", () => {
  it("spaces a constant rate evenly, without adding up rounding", () => {
    expect(dues({ kind: "constant", perSecond: 4 }, { requests: 3 })).toEqual([0, 250, 500]);
    expect(dues({ kind: "constant", perSecond: 3 }, { durationMs: 1000 })).toHaveLength(3);
    expect(dues({ kind: "constant", perSecond: 3 }, { requests: 3001 }).at(-1)).toBe(1_000_000);
  });

  it("ends at whichever comes first", () => {
    expect(dues({ kind: "constant", perSecond: 10 }, { requests: 5, durationMs: 300 })).toEqual([
      0, 100, 200,
    ]);
    expect(dues({ kind: "constant", perSecond: 10 }, { requests: 2, durationMs: 300 })).toEqual([0, 100]);
  });

  it("draws Poisson arrivals: the mean gap is 1/rate and its deviation as large", () => {
    const times = dues({ kind: "poisson", perSecond: 50 }, { requests: 20_000 });
    const gaps = times.map((time, index) => time - (times[index - 1] ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
    // Four standard errors of 20 000 draws: 20 ms / sqrt(20 000) = 0.14 ms.
    expect(Math.abs(mean - 20)).toBeLessThan(0.57);
    expect(Math.abs(deviation - 20)).toBeLessThan(0.8);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0);
  });

  it("plays the same Poisson times for the same seed, others for another", () => {
    const load: OpenLoad = { kind: "poisson", perSecond: 5 };
    expect(dues(load, { requests: 50 }, 7)).toEqual(dues(load, { requests: 50 }, 7));
    expect(dues(load, { requests: 50 }, 7)).not.toEqual(dues(load, { requests: 50 }, 8));
  });

  it.each([
    [0, 10],
    [10, 0],
    [2, 8],
    [6, 6],
  ])("sends the area below a ramp from %d/s to %d/s", (fromPerSecond, toPerSecond) => {
    const times = dues({ kind: "ramp", fromPerSecond, toPerSecond }, { durationMs: 10_000 });
    // 10 s at the mean rate; request 0 is due at once.
    expect(Math.abs(times.length - 5 * (fromPerSecond + toPerSecond))).toBeLessThanOrEqual(1);
    const half = times.filter((time) => time < 5000).length;
    const expected = 5 * fromPerSecond + 2.5 * ((toPerSecond - fromPerSecond) / 2);
    expect(Math.abs(half - expected)).toBeLessThanOrEqual(1);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it("plays a trace as it stands", () => {
    expect(dues({ kind: "trace", offsetsMs: [0, 5, 5, 90] }, {})).toEqual([0, 5, 5, 90]);
    expect(dues({ kind: "trace", offsetsMs: [0, 5, 5, 90] }, { requests: 2 })).toEqual([0, 5]);
  });
});

describe("requireLoad", () => {
  const refused: [string, Load, object][] = [
    ["concurrency", { kind: "closed", concurrency: 1.5 }, { requests: 1 }],
    ["rate", { kind: "constant", perSecond: 0 }, { requests: 1 }],
    ["rate", { kind: "poisson", perSecond: Number.NaN }, { requests: 1 }],
    ["ramp", { kind: "ramp", fromPerSecond: 0, toPerSecond: 0 }, { durationMs: 1 }],
    ["ramp: expected a duration", { kind: "ramp", fromPerSecond: 0, toPerSecond: 1 }, { requests: 1 }],
    ["end of the measurement", { kind: "closed", concurrency: 1 }, {}],
    ["requests", { kind: "closed", concurrency: 1 }, { requests: 0 }],
    ["duration", { kind: "closed", concurrency: 1 }, { durationMs: -1 }],
  ];
  it.each(refused)("refuses a wrong %s", (name, load, extent) => {
    expect(() => {
      requireLoad(load, extent);
    }).toThrow(new RegExp(name));
  });

  it("lets a trace be its own end", () => {
    requireLoad({ kind: "trace", offsetsMs: [1] }, {});
    expect(loadText({ kind: "trace", offsetsMs: [1] })).toBe("trace of 1");
  });
});

describe("plan files", () => {
  it("reads times and prompts, without remarks", () => {
    expect(parseTrace("# ms\n0\n 12.5\r\n\n12.5\n", "t")).toEqual([0, 12.5, 12.5]);
    expect(parsePrompts("# scenes\na red circle\n3\t红色圆形\n", "p")).toEqual([
      { text: "a red circle", weight: 1 },
      { text: "红色圆形", weight: 3 },
    ]);
  });

  it("names every wrong line", () => {
    const wrong = (read: () => unknown): unknown => {
      try {
        return read();
      } catch (error) {
        return (error as { details: { findings: { position: { line: number } }[] } }).details.findings.map(
          ({ position }) => position.line,
        );
      }
    };
    expect(wrong(() => parseTrace("0\nsoon\n5\n4\n-1", "t"))).toEqual([2, 4, 5]);
    expect(wrong(() => parsePrompts("a\nx\tb\n0\tc", "p"))).toEqual([2, 3]);
    expect(() => parseTrace("# nothing\n", "t")).toThrow(/no times/);
    expect(() => parsePrompts("\n", "p")).toThrow(/no prompts/);
  });
});
