import { describe, expect, it } from "vitest";
import { contractOf, type ModelConfig } from "./index.ts";

const video = { width: 64, height: 64, frames: 17, fps: 8 };
const draft = { ensemble: "draft", stream: "draft_stream", steps: [4], guidance: false };
const prompt = { name: "PROMPT", datatype: "BYTES", dims: [1], optional: true } as const;
const clip = { name: "VIDEO", datatype: "BYTES", dims: [1] } as const;

function config(name: string, part: Partial<ModelConfig> = {}): ModelConfig {
  return { name, maxBatchSize: 0, inputs: [prompt], outputs: [clip], ...part };
}

describe("contractOf", () => {
  it("takes from each config what a client needs, sorted by name", () => {
    const configs = [
      config("tokenizer", { maxBatchSize: 4, backend: "python", parameters: { secret: "kept out" } }),
      config("draft_stream", { decoupled: true }),
      config("draft", { platform: "ensemble" }),
    ];
    const contract = contractOf({ pipeline: "wan-tiny", video, variants: { draft }, configs });
    expect(Object.keys(contract.models)).toEqual(["draft", "draft_stream", "tokenizer"]);
    expect(contract).toEqual({
      pipeline: "wan-tiny",
      video,
      variants: { draft },
      models: {
        draft: { inputs: [prompt], outputs: [clip], decoupled: false, maxBatchSize: 0 },
        draft_stream: { inputs: [prompt], outputs: [clip], decoupled: true, maxBatchSize: 0 },
        tokenizer: { inputs: [prompt], outputs: [clip], decoupled: false, maxBatchSize: 4 },
      },
    });
  });

  it("leaves the order of the configs as it was", () => {
    const configs = [config("b"), config("a")];
    contractOf({ pipeline: "p", video, variants: {}, configs });
    expect(configs.map(({ name }) => name)).toEqual(["b", "a"]);
  });

  it("refuses two models of one name", () => {
    const configs = [config("a"), config("b"), config("a")];
    expect(() => contractOf({ pipeline: "p", video, variants: {}, configs })).toThrow(
      expect.objectContaining({
        code: "model-config-syntax",
        message: expect.stringContaining("called a;") as string,
      }),
    );
  });

  it("refuses a front door without a model", () => {
    const configs = [config("draft")];
    expect(() => contractOf({ pipeline: "p", video, variants: { draft }, configs })).toThrow(
      "Variant draft names the model draft_stream; expected one of draft.",
    );
  });
});
