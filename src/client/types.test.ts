import { describe, expectTypeOf, it } from "vitest";
import type { Contract, ModelContract, VariantContract } from "../model-config/index.ts";
import { type Tensor, tensor } from "../tensor/index.ts";
import type {
  Clip,
  connect,
  GenerateRequest,
  Inference,
  InputsOf,
  OutputsOf,
  PartialInference,
  Run,
  Studio,
  UnaryRequest,
  VariantClient,
} from "./index.ts";
import { toy } from "./testing/contract.ts";

type Toy = typeof toy;
type Encoder = Toy["models"]["text_encoder"];

/** Only ever looked at by the compiler: none of these functions is called. */
const checked = (look: (studio: Studio<Toy>) => unknown): void => {
  expectTypeOf(look).toBeFunction();
};

const IDS = tensor("INT64", [2, 1], new BigInt64Array(2));
const F32 = tensor("FP32", [2, 1], new Float32Array(2));
const PROMPT = tensor("BYTES", [1], ["a"]);
const SEED = tensor("INT64", [1], new BigInt64Array(1));

describe("the types of a studio", () => {
  it("come from the contract", () => {
    expectTypeOf<Parameters<typeof connect<Toy>>[1]["contract"]>().toEqualTypeOf<Toy>();
    expectTypeOf<keyof Studio<Toy>["models"]>().toEqualTypeOf<keyof Toy["models"]>();
    expectTypeOf<Studio<Toy>["draft"]>().toEqualTypeOf<VariantClient<Toy["variants"]["draft"]>>();
    // @ts-expect-error -- no such variant
    checked((studio) => studio.drft);
    // @ts-expect-error -- no such model
    checked((studio) => studio.models.text_encodr);
  });

  it("leave its own names alone where a variant has one of them", () => {
    type Clash = Toy & { readonly variants: { readonly server: Toy["variants"]["draft"] } };
    expectTypeOf<Studio<Clash>["server"]>().toHaveProperty("statistics");
    expectTypeOf<Studio<Clash>["variants"]["server"]>().toHaveProperty("generate");
  });
});

describe("the types of infer", () => {
  it("name inputs with their carriers, the optional ones optional", () => {
    expectTypeOf<InputsOf<Encoder>["TOKEN_IDS"]>().toEqualTypeOf<Tensor<"INT64">>();
    expectTypeOf<InputsOf<Encoder>["TOKEN_MASK"]>().toEqualTypeOf<Tensor<"INT64"> | undefined>();
    checked((studio) => {
      void studio.models.text_encoder.infer({ TOKEN_IDS: IDS });
      void studio.models.text_encoder.infer({ TOKEN_IDS: IDS, TOKEN_MASK: undefined });
      // @ts-expect-error -- an input is missing
      void studio.models.text_encoder.infer({});
      // @ts-expect-error -- another datatype
      void studio.models.text_encoder.infer({ TOKEN_IDS: F32 });
      // @ts-expect-error -- a misspelt input
      void studio.models.text_encoder.infer({ TOKEN_IDS: IDS, TOKEN_MAKS: IDS });
    });
  });

  it("name outputs with their carriers, only those asked for", () => {
    expectTypeOf<OutputsOf<Encoder>["CONTEXT"]["data"]>().toEqualTypeOf<Float32Array>();
    expectTypeOf<keyof OutputsOf<Encoder>>().toEqualTypeOf<"CONTEXT" | "POOLED">();
    checked((studio) => {
      const all = studio.models.text_encoder.infer({ TOKEN_IDS: IDS });
      expectTypeOf(all).resolves.toEqualTypeOf<Inference<OutputsOf<Encoder>>>();
      const one = studio.models.text_encoder.infer({ TOKEN_IDS: IDS }, { outputs: ["POOLED"] });
      expectTypeOf(one)
        .resolves.toHaveProperty("outputs")
        .toEqualTypeOf<{ readonly POOLED: Tensor<"FP16"> }>();
      // @ts-expect-error -- no such output
      void studio.models.text_encoder.infer({ TOKEN_IDS: IDS }, { outputs: ["POOLD"] });
    });
  });

  it("offer a decoupled model as a stream only, and the others not as one", () => {
    expectTypeOf<Studio<Toy>["models"]["draft_stream"]>().not.toHaveProperty("infer");
    expectTypeOf<Studio<Toy>["models"]["draft"]>().not.toHaveProperty("stream");
    checked((studio) => {
      const answers = studio.models.draft_stream.stream({ PROMPT, SEED }, { outputs: ["STAGE"] });
      expectTypeOf(answers).toEqualTypeOf<
        AsyncIterable<PartialInference<{ readonly STAGE: Tensor<"BYTES"> }>>
      >();
      expectTypeOf<PartialInference<{ readonly A: number }>["outputs"]["A"]>().toEqualTypeOf<
        number | undefined
      >();
    });
  });
});

describe("the types of generate", () => {
  it("offer guidance only where the variant takes it", () => {
    expectTypeOf<GenerateRequest<Toy["variants"]["draft"]>>().not.toHaveProperty("negativePrompt");
    expectTypeOf<GenerateRequest<Toy["variants"]["final"]>>().toHaveProperty("negativePrompt");
    checked((studio) => {
      studio.final.generate({ prompt: "a", negativePrompt: "b", guidance: { highNoise: 4 } });
      // @ts-expect-error -- this variant has no negative prompt
      studio.draft.generate({ prompt: "a", negativePrompt: "b" });
      // @ts-expect-error -- this variant has no guidance
      void studio.draft.generateUnary({ prompt: "a", guidance: { highNoise: 4 } });
    });
  });

  it("list the step counts", () => {
    expectTypeOf<GenerateRequest<Toy["variants"]["final"]>["steps"]>().toEqualTypeOf<20 | 40 | undefined>();
    checked((studio) => {
      studio.final.generate({ prompt: "a", steps: 40, seed: 7n });
      // @ts-expect-error -- not one of the variant's
      studio.final.generate({ prompt: "a", steps: 30 });
      // @ts-expect-error -- there has to be a prompt
      studio.final.generate({ steps: 40 });
    });
  });

  it("have previews at the streaming door only", () => {
    expectTypeOf<GenerateRequest>().toHaveProperty("previews");
    expectTypeOf<UnaryRequest>().not.toHaveProperty("previews");
    checked((studio) => {
      expectTypeOf(studio.draft.generate({ prompt: "a" })).toEqualTypeOf<Run>();
      expectTypeOf(studio.draft.generateUnary({ prompt: "a" })).resolves.toEqualTypeOf<Clip>();
    });
  });
});

describe("the types of a contract known only at run time", () => {
  it("leave open what the contract leaves open", () => {
    expectTypeOf<Studio<Contract>["variants"]>().toEqualTypeOf<
      Readonly<Record<string, VariantClient<VariantContract>>>
    >();
    expectTypeOf<Studio<Contract>["models"][string]["infer"]>().toBeNullable();
    expectTypeOf<Record<string, Tensor>>().toExtend<InputsOf<ModelContract>>();
    expectTypeOf<OutputsOf<ModelContract>>().toEqualTypeOf<Readonly<Record<string, Tensor>>>();
  });
});
