import { execFileSync } from "node:child_process";
import path from "node:path";
import { expect, it } from "vitest";
import { hodgesLehmann, shareBounds, signedRankBounds } from "../src/gate/index.ts";
import { pythonOf, ROOT } from "./support.ts";

/** Logarithms of ratios like those of an A/B on a shared machine: most near nothing, one far out. */
const LOGS = [
  0.0312, -0.0458, 0.1127, 0.0089, -0.0871, 0.0643, 0.0217, -0.0125, 0.0934, 0.4021, -0.0302, 0.0561, 0.0178,
  0.0745, -0.0614, 0.0406, 0.1283, -0.0237, 0.0052, 0.0899, 0.0471, -0.1342, 0.0267, 0.0688, 0.0144,
];

interface Judged {
  readonly tests: readonly (readonly [greater: number, less: number])[];
  readonly centre: number;
}

const HAIR = 1e-9;

interface Bounded {
  readonly risk: number;
  readonly values: readonly number[];
  readonly low: number;
  readonly high: number;
}

const CASES: readonly Bounded[] = [0.05, 0.01, 0.0025].flatMap((risk) =>
  [9, 12, 18, 25].map((n) => {
    const values = LOGS.slice(0, n);
    const { low, high } = signedRankBounds(values, risk) ?? { low: Number.NaN, high: Number.NaN };
    return { risk, values, low, high };
  }),
);

function judgedBy(script: string, entries: readonly unknown[]): unknown {
  const file = path.join(ROOT, "e2e/judges", script);
  const input = JSON.stringify(entries);
  return JSON.parse(execFileSync(pythonOf("judge"), [file], { input, encoding: "utf8" }));
}

it("bounds and estimates as scipy's exact test does", () => {
  const entries = CASES.map(({ values, low, high }) => ({
    values,
    shifts: [low - HAIR, low + HAIR, high - HAIR, high + HAIR],
  }));
  const judged = judgedBy("signed_rank.py", entries) as Judged[];
  expect(judged).toHaveLength(CASES.length);
  for (const [index, { risk, values }] of CASES.entries()) {
    const { tests = [], centre = 0 } = judged[index] ?? {};
    expect(hodgesLehmann(values)).toBeCloseTo(centre, 12);
    const greater = tests.slice(0, 2).map(([p]) => p <= risk);
    const less = tests.slice(2).map(([, p]) => p <= risk);
    // Below the lower bound the test rejects, above it no more; the upper bound likewise.
    expect([...greater, ...less], `${values.length} at ${risk}`).toEqual([true, false, false, true]);
  }
});

it("bounds shares as scipy's exact binomial interval does", () => {
  const cases = [0.05, 0.005].flatMap((risk) =>
    [
      [0, 1],
      [0, 6],
      [6, 6],
      [1, 40],
      [17, 40],
      [3, 2000],
      [0, 100_000],
      [640, 100_000],
    ].map(([count = 0, n = 0]) => [count, n, risk] as const),
  );
  const judged = judgedBy("binomial.py", cases) as (readonly [number, number])[];
  expect(judged).toHaveLength(cases.length);
  for (const [index, [count, n, risk]] of cases.entries()) {
    const { low, high } = shareBounds(count, n, risk);
    expect(low, `${count} of ${n}`).toBeCloseTo(judged[index]?.[0] ?? Number.NaN, 9);
    expect(high, `${count} of ${n}`).toBeCloseTo(judged[index]?.[1] ?? Number.NaN, 9);
  }
});
