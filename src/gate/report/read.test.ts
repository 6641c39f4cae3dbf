import type { Static } from "typebox";
import { describe, expect, expectTypeOf, it } from "vitest";
import { isTriptychError } from "../../errors/index.ts";
import { parseGate } from "../file/parse.ts";
import { evaluateGate } from "../judge/evaluate.ts";
import { blocksOf, evidenceOf } from "../testing/evidence.ts";
import { parseVerdict } from "./read.ts";
import type { VERDICT_SCHEMA } from "./schema.ts";
import type { GateReport } from "./types.ts";

const { gate } = parseGate(
  `version: 1
name: g
spec: s.yaml
prompts: [a]
checks:
  exact:
    calls: { variant: draft, metric: calls }
  slo:
    tail: { variant: draft, metric: response, percentile: 90, most: 1 }
  relative:
    speed: { variant: draft, metric: response, tolerance: 0.05 }
`,
  "g.yaml",
);

const reportOf = (blocks: number): GateReport =>
  evaluateGate(gate, evidenceOf({ blocks: blocksOf(blocks, 20) }), { history: [] });

function refused(text: string) {
  try {
    parseVerdict(text, "verdict.json");
  } catch (error) {
    if (isTriptychError(error)) return error;
  }
  throw new TypeError("it was taken");
}

describe("a verdict", () => {
  it.each([20, 3, 0])("is read as it was written, of %d blocks", (blocks) => {
    const report = reportOf(blocks);
    expect(parseVerdict(JSON.stringify(report, null, 2), "verdict.json")).toEqual(report);
  });

  it("is described by its schema as the code knows it", () => {
    type Mutable<T> = T extends object ? { -readonly [K in keyof T]: Mutable<T[K]> } : T;
    expectTypeOf<Mutable<GateReport>>().toEqualTypeOf<Mutable<Static<typeof VERDICT_SCHEMA>>>();
  });

  it("that is none is refused, by key and place", () => {
    expect(refused("half of a {").code).toBe("records-invalid");
    expect(refused('{ "format": "triptych-report" }').message).toContain("expected the verdict");
    const wrong = JSON.stringify(
      { ...reportOf(3), verdict: undefined, version: 2, familyRisk: "small" },
      null,
      2,
    );
    expect(refused(wrong).details.findings).toEqual([
      expect.objectContaining({ message: expect.stringContaining('missing key "verdict"') as string }),
      expect.objectContaining({ message: "version: expected 1, got 2" }),
      expect.objectContaining({
        message: 'familyRisk: expected number, got "small"',
        position: expect.objectContaining({ line: expect.any(Number) as number }) as object,
      }),
    ]);
  });
});
