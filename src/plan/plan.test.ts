import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseSpec } from "../spec/index.ts";
import { transferBytes } from "./memory.ts";
import { planPipeline } from "./plan.ts";

function plan(name: string, edit: (text: string) => string = (text) => text) {
  const text = readFileSync(new URL(`../../configs/${name}.yaml`, import.meta.url), "utf8");
  return planPipeline(parseSpec(edit(text), `${name}.yaml`));
}

describe("planPipeline", () => {
  it("plans two front doors over shared members for each variant", () => {
    expect(plan("wan-tiny").models.map((model) => model.config.name)).toEqual([
      "draft",
      "draft_denoiser",
      "draft_high_noise",
      "draft_low_noise",
      "draft_stream",
      "final",
      "final_denoiser",
      "final_high_noise",
      "final_low_noise",
      "final_stream",
      "text_encoder",
      "tokenizer",
      "vae_decoder",
      "video_encoder",
    ]);
  });

  it("keeps names, datatypes and ranks the same on every runtime", () => {
    const tiny = plan("wan-tiny").contract.models;
    const giant = plan("wan2.2-t2v-a14b").contract.models;
    const shape = (models: typeof tiny) =>
      Object.entries(models).map(([name, { inputs, outputs }]) => [
        name,
        [...inputs, ...outputs].map((t) => [t.name, t.datatype, t.dims.length, t.optional ?? false]),
      ]);
    expect(shape(tiny)).toEqual(shape(giant));
  });

  it("gives A14B its own shapes: 832x480x81 is a latent of 16x21x60x104", () => {
    const model = plan("wan2.2-t2v-a14b").contract.models["final_high_noise"];
    expect(model?.inputs.map((t) => [t.name, t.dims])).toEqual([
      ["STATE", [4, 16, 21, 60, 104]],
      ["TIMESTEP", [1]],
      ["CONTEXT", [2, 512, 4096]],
      ["COEFFICIENTS", [4, 5]],
      ["GUIDANCE", [1]],
    ]);
  });

  it("gives an unguided expert no guidance input and its front doors no negative prompt", () => {
    const { models } = plan("wan-tiny").contract;
    expect(models["draft_low_noise"]?.inputs.map((t) => t.name)).not.toContain("GUIDANCE");
    expect(models["draft"]?.inputs.map((t) => t.name)).toEqual(["PROMPT", "SEED", "STEPS"]);
  });

  it("loads the experts of a relay only when they are needed", () => {
    const giant = plan("wan2.2-t2v-a14b");
    expect(giant.explicitControl).toBe(true);
    expect(giant.startModels.filter((name) => name.endsWith("_noise"))).toEqual([]);
    expect(plan("wan-tiny").startModels).toHaveLength(14);
  });

  it("refuses a relay in a container that is open to break-ins", () => {
    expect(() => plan("wan2.2-t2v-a14b", (text) => text.replace('"26.08"', '"25.07"'))).toThrow(/not safe/);
  });

  it("wants room for the frames of A14B, which Triton's own pools do not have", () => {
    const frames = 81 * 480 * 832 * 3;
    expect(transferBytes(plan("wan2.2-t2v-a14b"))).toBeGreaterThan(3 * frames);
    expect(transferBytes(plan("wan2.2-t2v-a14b"))).toBeLessThan(2 ** 31);
  });

  it("names a file by network, weights and precision, an engine by GPU and release too", () => {
    expect(plan("wan-tiny").artifacts.map((a) => a.path)).toContain(
      "onnx/draft_low_noise.distilled-4step.int8.onnx",
    );
    expect(plan("wan2.2-t2v-a14b").artifacts.map((a) => a.path)).toContain(
      "engines/a40-26.08/832x480x81/final_high_noise.fp16.plan",
    );
  });
});
