import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { END, MEASUREMENT, requestOf, START } from "../testing/runs.ts";
import { isMeasured, pointsOf } from "./points.ts";
import { searchHighest } from "./search.ts";

/** As many requests as are planned. */
const WHOLE = [0, 1, 2, 3].map((index) => requestOf(index));

describe("pointsOf", () => {
  it("goes through every load with every mix, each under a name of its own", () => {
    const points = pointsOf({
      base: MEASUREMENT,
      prompts: MEASUREMENT.mix.prompts,
      loads: [
        { kind: "closed", concurrency: 2 },
        { kind: "poisson", perSecond: 0.5 },
      ],
      variants: [
        [{ variant: "draft", weight: 1 }],
        [{ variant: "final", weight: 1, steps: 20 }],
        [
          { variant: "draft", weight: 3 },
          { variant: "final", weight: 1 },
        ],
      ],
    });
    expect(points.map(({ name }) => name)).toEqual([
      "draft-c2",
      "draft-poisson0.5",
      "final-s20-c2",
      "final-s20-poisson0.5",
      "draft+final-c2",
      "draft+final-poisson0.5",
    ]);
    expect(points[3]?.measurement).toMatchObject({
      load: { kind: "poisson", perSecond: 0.5 },
      mix: { variants: [{ variant: "final", steps: 20 }] },
      seed: 1,
    });
  });
});

describe("a sweep that names something twice", () => {
  const sweep = {
    base: MEASUREMENT,
    prompts: MEASUREMENT.mix.prompts,
    loads: [{ kind: "closed" as const, concurrency: 1 }],
    variants: [MEASUREMENT.mix.variants],
  };
  const namesOf = (changes: object): string[] => pointsOf({ ...sweep, ...changes }).map(({ name }) => name);

  it("measures it once", () => {
    expect(namesOf({ loads: [...sweep.loads, ...sweep.loads] })).toEqual(["draft-c1"]);
    const steps = [{ variant: "draft", weight: 1, steps: 4 }];
    expect(namesOf({ variants: [steps, steps] })).toEqual(["draft-s4-c1"]);
  });

  it("keeps measurements of one name apart, each with a record file of its own", () => {
    const traces = [[0], [0, 5]].map((offsetsMs) => ({ kind: "trace", offsetsMs }));
    expect(namesOf({ loads: traces })).toEqual(["draft-trace", "draft-trace-2"]);
  });

  it.each([
    null,
    undefined,
    {},
    { ...sweep, loads: 5 },
    { ...sweep, base: { ...MEASUREMENT, maxInFlight: 0 } },
  ])("refuses %j", (wrong) => {
    expect(() => pointsOf(wrong as never)).toThrow(expect.objectContaining({ code: "usage" }));
  });
});

describe("isMeasured", () => {
  const point = { name: "draft-c1", measurement: MEASUREMENT };
  async function measured(
    lines: readonly object[],
    endpoints = START.endpoints,
    ignoreChecks = false,
  ): Promise<boolean> {
    const folder = mkdtempSync(path.join(tmpdir(), "triptych-sweep-"));
    onTestFinished(() => {
      rmSync(folder, { recursive: true });
    });
    const file = path.join(folder, "x.ndjson");
    writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    return isMeasured(file, point, endpoints, { ignoreChecks });
  }

  it("keeps a whole run of the same measurement on the same servers", async () => {
    expect(await measured([START, ...WHOLE, END])).toBe(true);
  });

  it("measures again what cannot be trusted", async () => {
    const failed = WHOLE.map((one) => ({ ...one, outcome: "unreachable" }));
    const noisy = { ...END, load: { ...END.load, steal: 0.5 } };
    expect(await measured([START, ...failed, END])).toBe(false);
    expect(await measured([START, ...WHOLE, noisy])).toBe(false);
    // As the numbers are taken, so are they kept.
    expect(await measured([START, ...WHOLE, noisy], START.endpoints, true)).toBe(true);
    expect(await measured([START, ...failed, END], START.endpoints, true)).toBe(false);
  });

  it("measures again what was cut off, interrupted, of another load or server, or no record at all", async () => {
    expect(await measured([START, ...WHOLE])).toBe(false);
    expect(await measured([START, ...WHOLE, { ...END, interrupted: true }])).toBe(false);
    const other = { ...START, measurement: { ...MEASUREMENT, seed: 2 } };
    expect(await measured([other, ...WHOLE, END])).toBe(false);
    expect(await measured([START, ...WHOLE, END], ["127.0.0.1:9"])).toBe(false);
    expect(await measured([])).toBe(false);
    expect(await isMeasured("/nowhere/x.ndjson", point, START.endpoints)).toBe(false);
  });
});

describe("searchHighest", () => {
  async function search(limit: number, from = 1, to = 100, precision = 1) {
    const tried: number[] = [];
    const holds = (level: number): Promise<boolean> => {
      tried.push(level);
      return Promise.resolve(level <= limit);
    };
    return { level: await searchHighest({ from, to, precision, holds }), tried };
  }

  it.each([1, 2, 3, 7, 31, 50, 63, 64, 99, 100])("finds %d", async (limit) => {
    const { level, tried } = await search(limit);
    expect(level).toBe(limit);
    expect(new Set(tried).size).toBe(tried.length);
    expect(tried.length).toBeLessThanOrEqual(14);
  });

  it("tries nothing beyond its end, and finds nothing where the first does not hold", async () => {
    expect((await search(1000, 1, 20)).level).toBe(20);
    expect(await search(0)).toEqual({ level: undefined, tried: [1] });
  });

  it("tells rates apart as finely as asked", async () => {
    const { level } = await search(0.73, 0.1, 10, 0.01);
    expect(level).toBeCloseTo(0.73, 9);
  });
});
