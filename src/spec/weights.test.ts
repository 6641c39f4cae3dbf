import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isTriptychError } from "../errors/index.ts";
import { parseSpec } from "./parse.ts";

const TINY = readFileSync(new URL("../../configs/wan-tiny.yaml", import.meta.url), "utf8");
const SAMPLES = "samples: { prompts: p.txt, shift: 5, steps: 4, guidance: { highNoise: 2, lowNoise: 1.5 } }";

function withWeights(...lines: readonly string[]): string {
  return TINY.replace("variants:", `weights:\n${lines.map((line) => `  ${line}\n`).join("")}variants:`);
}

function findingsOf(text: string): string[] {
  try {
    parseSpec(text, "x.yaml");
    return [];
  } catch (error) {
    if (!isTriptychError(error)) throw error;
    return (error.details.findings ?? []).map(({ message, hint }) => `${message} | ${hint ?? ""}`);
  }
}

describe("a set of weights", () => {
  it("is made from another one, by default from the base model's", () => {
    const text = withWeights(
      `pruned: { prune: { ffn: 0.3, blocks: 1 }, ${SAMPLES} }`,
      `fast: { from: pruned, distil: { steps: 4 }, ${SAMPLES} }`,
      "lightning: { lora: { highNoise: high.safetensors, lowNoise: low.safetensors } }",
      `sparse: { sparsity: { pattern: "2:4" } }`,
    );
    const { weights } = parseSpec(text, "x.yaml");
    expect(Object.entries(weights).map(([name, { from }]) => [name, from])).toEqual([
      ["pruned", "base"],
      ["fast", "pruned"],
      ["lightning", "base"],
      ["sparse", "base"],
    ]);
  });

  it.each([
    ["pruned: {}", "expected one of prune, sparsity, distil, qat, lora, got none"],
    [`both: { prune: { ffn: 0.3 }, qat: { steps: 5 }, ${SAMPLES} }`, "got prune and qat"],
    ["fast: { distil: { steps: 4 } }", "needs samples of the teacher"],
    ["pruned: { prune: { ffn: 0.3, recover: 10 } }", "needs samples of the teacher"],
    ["pruned: { prune: { blocks: 2 } }", "needs samples of the teacher"],
    [`fast: { distil: { steps: 8 }, ${SAMPLES} }`, "distil has 8 steps, and its samples have 4"],
    [`transformer: { qat: { steps: 5 }, ${SAMPLES} }`, '"transformer" is taken by a part of the checkpoint'],
    [`me: { from: me, qat: { steps: 5 }, ${SAMPLES} }`, "is made from itself: me ← me"],
    ["pruned: { prune: { ffn: 1 } }", "must be < 1"],
    ["pruned: { pruned: { ffn: 0.5 } }", 'did you mean "prune"?'],
    [`sparse: { sparsity: { pattern: "4:8" } }`, 'expected "2:4", got "4:8"'],
  ])("%s is refused", (line, said) => {
    expect(findingsOf(withWeights(line)).join("\n")).toContain(said);
  });

  it("may not go round in a circle", () => {
    const text = withWeights(
      `a: { from: b, qat: { steps: 5 }, ${SAMPLES} }`,
      `b: { from: a, qat: { steps: 5 }, ${SAMPLES} }`,
      `c: { from: a, qat: { steps: 5 }, ${SAMPLES} }`,
    );
    expect(findingsOf(text)).toEqual([
      "weights.a: is made from itself: a ← b ← a | begin with from: base",
      "weights.b: is made from itself: b ← a ← b | begin with from: base",
    ]);
  });
});

describe("an expert", () => {
  it("may have a precision and weights of its own", () => {
    const text = TINY.replace("precision: int8,", "precision: { highNoise: int8, lowNoise: fp16 },");
    const { draft } = parseSpec(text, "x.yaml").variants;
    expect(draft?.experts).toMatchObject({
      highNoise: { precision: "int8", weights: "distilled-4step" },
      lowNoise: { precision: "fp16", weights: "distilled-4step" },
      passes: "fused",
    });
  });

  it.each([
    [
      "precision: int8,",
      "precision: int9,",
      'expected one of fp32, fp16, bf16, int8, fp8, got "int9" | did you mean "int8"?',
    ],
    ["precision: int8,", "precision: { highNoise: int8 },", 'missing key "lowNoise"'],
    ["precision: int8,", "precision: bf16,", "onnxruntime has no bf16 kernels on a CPU"],
    ["precision: int8,", "precision: { highNoise: fp8, lowNoise: fp16 },", "no fp8 kernels"],
    [
      "vaeDecoder: { precision: fp16 }",
      "vaeDecoder: { precision: int8 }",
      "expected one of fp32, fp16, bf16",
    ],
    ["weights: distilled-4step", "quantise: { smooth: 2 }", "must be <= 1"],
    ["weights: distilled-4step", "quantise: { keepBlocks: first }", "must match pattern"],
  ])("%s written as %s is refused", (from, to, said) => {
    expect(TINY).toContain(from);
    expect(findingsOf(TINY.replace(from, to)).join("\n")).toContain(said);
  });

  it("needs calibration for FP8 as for INT8", () => {
    const giant = readFileSync(new URL("../../configs/wan2.2-t2v-a14b.yaml", import.meta.url), "utf8");
    const text = giant.replace("{ precision: fp16 }", "{ precision: { highNoise: fp16, lowNoise: fp8 } }");
    expect(findingsOf(text).join("\n")).toContain("fp8 needs calibration prompts");
  });
});
