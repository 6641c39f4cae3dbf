import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseSpec } from "../../spec/index.ts";
import { planPipeline } from "../plan.ts";
import type { Artifact } from "./types.ts";

function artifacts(name: string, ...edits: readonly (readonly [from: string, to: string])[]): Artifact[] {
  const text = readFileSync(new URL(`../../../configs/${name}.yaml`, import.meta.url), "utf8");
  const edited = edits.reduce((current, [from, to]) => {
    if (!current.includes(from)) throw new TypeError(`no ${from}`);
    return current.replace(from, to);
  }, text);
  return [...planPipeline(parseSpec(edited, "x.yaml")).artifacts];
}

/** The command of an artifact, with its files named by role. */
function words(all: readonly Artifact[], id: string): string {
  const found = all.find((artifact) => artifact.id === id);
  if (found?.step.kind !== "tool") throw new TypeError(`${id} is no tool's`);
  const texts = found.step.words.map((word) =>
    typeof word === "string" ? word : Object.values(word).join(""),
  );
  return [found.step.module, ...texts].join(" ");
}

const GIANT = "wan2.2-t2v-a14b";
const CALIBRATED = [
  "experts: { precision: fp16 }",
  "experts: { precision: fp16, calibration: calibration/wan2.2-t2v-a14b.txt }",
] as const;

describe("the artifacts of a plan", () => {
  it.each(["wan-tiny", GIANT])("come after what they are made from (%s)", (name) => {
    const seen = new Set<string>();
    for (const { id, inputs } of artifacts(name)) {
      for (const { from } of Object.values(inputs)) if (from !== undefined) expect(seen).toContain(from);
      seen.add(id);
    }
  });

  it.each(["wan-tiny", GIANT])("hold every file that a model links, and no two at one path (%s)", (name) => {
    const plan = planPipeline(
      parseSpec(readFileSync(new URL(`../../../configs/${name}.yaml`, import.meta.url), "utf8"), "x.yaml"),
    );
    const paths = plan.artifacts.map(({ path }) => path);
    expect(new Set(paths).size).toBe(paths.length);
    const linked = plan.models.flatMap(({ links }) => links.map(({ source }) => source));
    const served = plan.artifacts.filter(({ serves }) => serves !== undefined).map(({ path }) => path);
    expect(served.sort()).toEqual(linked.filter((source) => !source.startsWith("tokenizer/")).sort());
  });

  it("are exported with the sizes of the plan", () => {
    expect(words(artifacts(GIANT), "final/highNoise/export")).toBe(
      "export expert weights true --latent 16,21,60,104 --tokens 512 --state 4 --guidance fused --weights fp16",
    );
    expect(words(artifacts(GIANT), "textEncoder/export")).toBe(
      "export text-encoder weights true --tokens 512 --weights bf16",
    );
    expect(words(artifacts(GIANT), "vaeDecoder/export")).toBe(
      "export vae-decoder weights true --latent 16,21,60,104",
    );
    expect(words(artifacts("wan-tiny"), "draft/lowNoise/export")).toContain(
      "--state 1 --guidance off --weights fp32",
    );
    const sequential = artifacts(GIANT, ["{ precision: fp16 }", "{ precision: fp16, passes: sequential }"]);
    expect(words(sequential, "final/lowNoise/export")).toContain("--guidance sequential");
  });

  it("go through AutoCast where there are values to judge, and through storage on a CPU", () => {
    expect(words(artifacts("wan-tiny"), "final/lowNoise/cast")).toBe(
      "cast onnx true --precision fp16 --method storage",
    );
    const vae = artifacts(GIANT, ["vaeDecoder: { precision: fp32 }", "vaeDecoder: { precision: fp16 }"]);
    expect(words(vae, "vaeDecoder/cast")).toBe(
      "cast onnx true --precision fp16 --method autocast --calibration calibration",
    );
    expect(vae.find(({ id }) => id === "vaeDecoder/cast")?.inputs["calibration"]?.path).toBe(
      "build/832x480x81/draft.calibration/vae_decoder.npz",
    );
    // An expert of 57 GB in FP32 is written in 16 bits at once, calibrated or not.
    expect(artifacts(GIANT, CALIBRATED).map(({ id }) => id)).not.toContain("final/highNoise/cast");
  });

  it("are calibrated each with its own inputs, under the schedule and guidance that is served", () => {
    const int8 = artifacts(GIANT, [CALIBRATED[0], CALIBRATED[1].replace("fp16", "int8")]);
    expect(words(int8, "final/record")).toMatch(
      /^record true true --schedule schedule --prompts prompts --experts highNoise lowNoise .* --guidance 4 3 --negative 色调/,
    );
    expect(words(int8, "final/lowNoise/quantise")).toBe(
      "quantise onnx true --precision int8 --calibration calibration --activations signed --high-precision fp16",
    );
    expect(words(artifacts("wan-tiny"), "draft/highNoise/quantise")).toContain(
      "unsigned --high-precision fp32",
    );
    const paths = int8.filter(({ id }) => id.startsWith("final/") && id.endsWith("/quantise"));
    expect(paths.map(({ inputs }) => inputs["calibration"]?.path)).toEqual([
      "build/832x480x81/final.calibration/high_noise.npz",
      "build/832x480x81/final.calibration/low_noise.npz",
    ]);
  });

  it("take the settings of the quantiser from the spec", () => {
    const settings = 'quantise: { smooth: 0.8, keep: ["*proj_out*"], keepBlocks: 0-2, method: entropy },';
    const all = artifacts("wan-tiny", ["calibration: calibration", `${settings} calibration: calibration`]);
    expect(words(all, "draft/lowNoise/quantise")).toMatch(
      /--smooth 0.8 --keep \*proj_out\* --keep-blocks 0-2 --method entropy$/,
    );
  });

  it("train as the spec says, and with negative prompts only where they are served", () => {
    const weights = (samples: string): string => `weights:
  smaller:
    prune: { ffn: 0.3, recover: 80, learningRate: 0.001, batch: 16 }
    samples: { prompts: p.txt, shift: 5, steps: 12, guidance: { highNoise: 2, lowNoise: 1.5 } }
  trained: { from: smaller, qat: { steps: 30, learningRate: 0.00002, batch: 4 }, samples: ${samples} }
variants:`;
    const edits = (samples: string) =>
      artifacts(
        "wan-tiny",
        ["variants:", weights(samples)],
        ["weights: distilled-4step", "weights: trained"],
      );
    const own = "{ prompts: p.txt, shift: 5, steps: 4, refine: 1, solver: euler, guidance: off }";
    const guided = "{ prompts: p.txt, shift: 5, steps: 4, guidance: { highNoise: 2, lowNoise: 1 } }";
    expect(words(edits(own), "weights/smaller/lowNoise/prune")).toBe(
      "prune weights true --expert low_noise --ffn 0.3 --score magnitude --recover 80 --lr 0.001 --batch 16 --samples samples",
    );
    expect(words(edits(own), "weights/trained/samples")).toMatch(/ --steps 4 --refine 1 --solver euler$/);
    expect(words(edits(own), "weights/trained/highNoise/qat")).toBe(
      "qat weights true --expert high_noise --steps 30 --lr 0.00002 --batch 4 --samples samples",
    );
    expect(words(edits(guided), "weights/trained/highNoise/qat")).toContain(
      "--batch 4 --empty 0.5 --samples",
    );
  });

  it("differ by expert where the spec says so", () => {
    const mixed = artifacts("wan-tiny", [
      "precision: int8,",
      "precision: { highNoise: int8, lowNoise: fp16 },",
    ]);
    const ids = mixed.map(({ id }) => id);
    expect(ids).toContain("draft/highNoise/quantise");
    expect(ids).toContain("draft/lowNoise/cast");
    expect(ids).not.toContain("draft/lowNoise/quantise");
  });

  it("need calibration prompts for a VAE in 16 bits on a GPU", () => {
    const edits = [
      ["vaeDecoder: { precision: fp32 }", "vaeDecoder: { precision: bf16 }"],
      [
        "precision: int8, weights: distilled-4step, calibration: calibration/wan2.2-t2v-a14b.txt",
        "precision: fp16",
      ],
    ] as const;
    expect(() => artifacts(GIANT, ...edits)).toThrow("a VAE decoder in bf16 needs calibration prompts");
  });
});
