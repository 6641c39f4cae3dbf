import { describe, expect, it } from "vitest";
import type { VariantContract } from "../../model-config/index.ts";
import { stringsOf, type Tensor } from "../../tensor/index.ts";
import { toy } from "../testing/contract.ts";
import { wantedOutputs } from "./outputs.ts";
import { type AnyRequest, prepareRequest } from "./request.ts";

const draft: VariantContract = toy.variants.draft;
const final: VariantContract = toy.variants.final;

describe("prepareRequest", () => {
  it("sends what the request says and leaves the rest to the server", () => {
    const { inputs, used } = prepareRequest(draft, { prompt: "红色圆形", seed: 7 });
    expect(Object.keys(inputs)).toEqual(["PROMPT", "SEED"]);
    expect(stringsOf(inputs["PROMPT"] as Tensor<"BYTES">)).toEqual(["红色圆形"]);
    expect(inputs["SEED"]).toEqual({ datatype: "INT64", shape: [1], data: BigInt64Array.of(7n) });
    expect(used).toEqual({ seed: 7n, steps: 4 });
  });

  it("sends everything a guided variant takes", () => {
    const { inputs, used } = prepareRequest(final, {
      prompt: "a",
      negativePrompt: "b",
      seed: (1n << 63n) - 1n,
      steps: 40,
      guidance: { highNoise: 4, lowNoise: 3 },
    });
    const values = Object.fromEntries(
      Object.entries(inputs).map(([name, tensor]) => [name, tensor?.data[0]]),
    );
    expect(values).toEqual({
      PROMPT: new TextEncoder().encode("a"),
      NEGATIVE_PROMPT: new TextEncoder().encode("b"),
      SEED: (1n << 63n) - 1n,
      STEPS: 40,
      GUIDANCE_HIGH_NOISE: 4,
      GUIDANCE_LOW_NOISE: 3,
    });
    expect(used).toEqual({ seed: (1n << 63n) - 1n, steps: 40, guidance: { highNoise: 4, lowNoise: 3 } });
  });

  it("sends the guidance of one expert alone", () => {
    const { inputs } = prepareRequest(final, {
      prompt: "a",
      guidance: { lowNoise: 3, highNoise: undefined },
    });
    expect(Object.keys(inputs)).toEqual(["PROMPT", "SEED", "GUIDANCE_LOW_NOISE"]);
  });

  it("draws another seed each time, that fits a double", () => {
    const seeds = Array.from({ length: 100 }, () => prepareRequest(draft, { prompt: "a" }).used.seed);
    expect(new Set(seeds).size).toBe(100);
    expect(seeds.every((seed) => seed >= 0n && seed < 1n << 53n)).toBe(true);
    expect(seeds.some((seed) => seed > 1n << 40n)).toBe(true);
  });

  it.each<[string, VariantContract, Partial<AnyRequest>]>([
    ["SEED", draft, { seed: -1 }],
    ["SEED", draft, { seed: -1n }],
    ["SEED", draft, { seed: 1n << 63n }],
    ["SEED", draft, { seed: 0.5 }],
    ["SEED", draft, { seed: Number.NaN }],
    ["SEED", draft, { seed: Number.POSITIVE_INFINITY }],
    ["SEED", draft, { seed: 2 ** 53 }],
    ["STEPS", draft, { steps: 5 }],
    ["STEPS", final, { steps: 0 }],
    ["GUIDANCE", draft, { guidance: { highNoise: 4 } }],
    ["GUIDANCE", draft, { negativePrompt: "" }],
    ["GUIDANCE_HIGH_NOISE", final, { guidance: { highNoise: Number.NaN } }],
    ["GUIDANCE_LOW_NOISE", final, { guidance: { lowNoise: Number.POSITIVE_INFINITY } }],
    ["PROMPT", draft, { prompt: 3 as unknown as string }],
    ["PROMPT", draft, { prompt: "half a pair: \ud83d" }],
    ["NEGATIVE_PROMPT", final, { negativePrompt: "\udc00" }],
    ["STEPS", draft, { steps: "4" as unknown as number }],
    ["guidance", final, { guidance: { high: 3 } as object }],
    ["guidance", final, { guidance: null as unknown as object }],
    ["request", draft, { promt: 1 } as object],
  ])("refuses a wrong %s (%#)", (input, variant, change) => {
    expect(() => prepareRequest(variant, { prompt: "a", ...change })).toThrow(
      expect.objectContaining({
        code: "request-invalid",
        message: expect.stringContaining(`${input}:`) as string,
      }),
    );
  });
});

describe("prepareRequest, of what is no request", () => {
  it.each([[undefined], [null], ["a red circle"]])("%j names it", (request) => {
    expect(() => prepareRequest(draft, request as never)).toThrow(
      expect.objectContaining({
        code: "request-invalid",
        message: expect.stringContaining("request: expected an object") as string,
      }),
    );
  });
});

describe("wantedOutputs", () => {
  const stream = { name: "draft_stream", contract: toy.models.draft_stream };
  const ensemble = { name: "draft", contract: toy.models.draft };

  it("asks for no more than the request wants", () => {
    const progress = ["STAGE", "STEP", "STEPS", "ELAPSED_US"];
    expect(wantedOutputs(ensemble, { prompt: "" }, false)).toEqual(["VIDEO"]);
    expect(wantedOutputs(ensemble, { prompt: "", frames: true, latent: true }, false)).toEqual([
      "VIDEO",
      "FRAMES",
      "LATENT",
    ]);
    expect(wantedOutputs(stream, { prompt: "" }, true)).toEqual([...progress, "VIDEO"]);
    expect(wantedOutputs(stream, { prompt: "", previews: true, frames: true }, true)).toEqual([
      ...progress,
      "PREVIEW",
      "VIDEO",
      "FRAMES",
    ]);
  });

  it("refuses previews of a server that makes none", () => {
    expect(() => wantedOutputs(ensemble, { prompt: "", previews: true }, true)).toThrow(
      expect.objectContaining({ code: "request-invalid" }),
    );
  });
});
