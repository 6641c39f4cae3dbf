import { describe, expectTypeOf, it } from "vitest";
import type { Contract, ModelContract, VariantContract } from "../model-config/index.ts";
import { shaped, type Tensor, tensor } from "../tensor/index.ts";
import {
  type AnswerStream,
  type Clip,
  connect,
  type GenerateRequest,
  type Inference,
  type InferOptions,
  type InputsOf,
  type OpenStudio,
  type OutputsOf,
  type PartialInference,
  type Run,
  type Studio,
  type UnaryRequest,
  type VariantClient,
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

  it("leave its own names alone where a variant has one of them, which is refused then", () => {
    type Clash = Toy & { readonly variants: { readonly server: Toy["variants"]["draft"] } };
    expectTypeOf<Studio<Clash>["server"]>().toHaveProperty("statistics");
    expectTypeOf<Studio<Clash>["variants"]["server"]>().toHaveProperty("generate");
  });
});

describe("the types of infer", () => {
  it("name inputs with their carriers, the optional ones optional", () => {
    expectTypeOf<InputsOf<Encoder>["TOKEN_IDS"]>().toEqualTypeOf<Tensor<"INT64", readonly [2, number]>>();
    expectTypeOf<InputsOf<Encoder>["TOKEN_MASK"]>().toEqualTypeOf<
      Tensor<"INT64", readonly [2, number]> | undefined
    >();
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
        .toEqualTypeOf<{ readonly POOLED: Tensor<"FP16", readonly [2]> }>();
      // @ts-expect-error -- no such output
      void studio.models.text_encoder.infer({ TOKEN_IDS: IDS }, { outputs: ["POOLD"] });
      const classed = studio.models.text_encoder.infer({ TOKEN_IDS: IDS }, { classes: { CONTEXT: 3 } });
      expectTypeOf(classed).resolves.toEqualTypeOf<Inference<OutputsOf<Encoder, "POOLED">, "CONTEXT">>();
      // @ts-expect-error -- classes of no output
      void studio.models.text_encoder.infer({ TOKEN_IDS: IDS }, { classes: { CONTEX: 3 } });
    });
  });

  it("leave an output open of which only run time knows whether it was asked for", () => {
    type Pooled = Tensor<"FP16", readonly [2]>;
    checked(async ({ models: { text_encoder, draft_stream } }) => {
      const names: ("CONTEXT" | "POOLED")[] = ["CONTEXT"];
      const some = await text_encoder.infer({ TOKEN_IDS: IDS }, { outputs: names });
      expectTypeOf(some.outputs.POOLED).toEqualTypeOf<Pooled | undefined>();
      expectTypeOf(some.outputs).not.toExtend<InputsOf<Encoder>>();
      const either = await text_encoder.infer({ TOKEN_IDS: IDS }, { outputs: [names[0] ?? "POOLED"] });
      expectTypeOf(either.outputs.POOLED).toEqualTypeOf<Pooled | undefined>();
      const rest = await text_encoder.infer({ TOKEN_IDS: IDS }, { outputs: ["CONTEXT", ...names] });
      expectTypeOf(rest.outputs.POOLED).toEqualTypeOf<Pooled | undefined>();
      // A list of one possible name has it: an empty one is refused.
      const lone: "POOLED"[] = ["POOLED"];
      const sure = await text_encoder.infer({ TOKEN_IDS: IDS }, { outputs: lone });
      expectTypeOf(sure.outputs).toEqualTypeOf<{ readonly POOLED: Pooled }>();
      const wish: readonly ["POOLED"] | undefined = names.length > 1 ? ["POOLED"] : undefined;
      const perhaps = await text_encoder.infer({ TOKEN_IDS: IDS }, { outputs: wish });
      expectTypeOf(perhaps.outputs.POOLED).toEqualTypeOf<Pooled>();
      const first = await text_encoder.infer(
        { TOKEN_IDS: IDS },
        { outputs: names.length > 1 ? ["CONTEXT"] : ["POOLED"] },
      );
      // @ts-expect-error -- it may be the other
      expectTypeOf(first.outputs.POOLED);
      const open: InferOptions<"CONTEXT" | "POOLED", never> = { outputs: ["CONTEXT"] };
      expectTypeOf((await text_encoder.infer({ TOKEN_IDS: IDS }, open)).outputs.POOLED).toEqualTypeOf<
        Pooled | undefined
      >();
      const all = await text_encoder.infer({ TOKEN_IDS: IDS }, { outputs: ["CONTEXT", "POOLED"] as const });
      expectTypeOf(all.outputs).toEqualTypeOf<OutputsOf<Encoder>>();
      const classed = await text_encoder.infer(
        { TOKEN_IDS: IDS },
        { outputs: names, classes: { CONTEXT: 1 } },
      );
      expectTypeOf(classed.outputs).not.toHaveProperty("CONTEXT");
      expectTypeOf(draft_stream.stream({ PROMPT, SEED }, { outputs: ["STAGE"] as "STAGE"[] })).toEqualTypeOf<
        AnswerStream<PartialInference<{ readonly STAGE: Tensor<"BYTES", readonly [1]> }>>
      >();
    });
  });

  it("hold tensors to rank and sizes, as far as both are literals", () => {
    const free: Tensor<"INT64"> = tensor("INT64", [2, 1] as number[], new BigInt64Array(2));
    checked(({ models: { text_encoder, batched } }) => {
      void text_encoder.infer({ TOKEN_IDS: tensor("INT64", [2, 7], new BigInt64Array(14)) });
      // @ts-expect-error -- another rank
      void text_encoder.infer({ TOKEN_IDS: tensor("INT64", [2], new BigInt64Array(2)) });
      // @ts-expect-error -- another size
      void text_encoder.infer({ TOKEN_IDS: tensor("INT64", [3, 1], new BigInt64Array(3)) });
      // @ts-expect-error -- another typed array
      void text_encoder.infer({ TOKEN_IDS: tensor("INT64", [2, 1], new Float32Array(2)) });
      // @ts-expect-error -- sizes that only run time knows
      void text_encoder.infer({ TOKEN_IDS: free });
      void text_encoder.infer({ TOKEN_IDS: shaped(free, [2, -1]) });
      // @ts-expect-error -- shaped by the dims of another input
      void text_encoder.infer({ TOKEN_IDS: shaped(free, [2]) });
      void batched.infer({ A: tensor("FP32", [3, 2], new Float32Array(6)) });
      // @ts-expect-error -- without the dim of the batch
      void batched.infer({ A: tensor("FP32", [2], new Float32Array(2)) });
    });
    expectTypeOf<OutputsOf<Toy["models"]["batched"]>["SUM"]["shape"]>().toEqualTypeOf<readonly [number, 1]>();
    expectTypeOf<OutputsOf<Encoder>["CONTEXT"]["shape"]>().toEqualTypeOf<readonly [2, number]>();
  });

  it("come from a literal at the call as well, without `as const`", () => {
    const look = () =>
      connect("127.0.0.1:1", {
        contract: {
          pipeline: "mine",
          variants: {},
          models: {
            resize: {
              inputs: [{ name: "X", datatype: "UINT8", dims: [-1, 3] }],
              outputs: [{ name: "Y", datatype: "FP32", dims: [3] }],
              decoupled: false,
              maxBatchSize: 0,
            },
          },
        },
      });
    expectTypeOf(look).toBeFunction();
    type Mine = Awaited<ReturnType<typeof look>>;
    const use = async ({ models }: Mine) => {
      const { outputs } = await models.resize.infer({ X: tensor("UINT8", [2, 3], new Uint8Array(6)) });
      expectTypeOf(outputs).toEqualTypeOf<{ readonly Y: Tensor<"FP32", readonly [3]> }>();
      // @ts-expect-error -- another datatype
      void models.resize.infer({ X: tensor("FP32", [2, 3], new Float32Array(6)) });
      expectTypeOf(models).not.toHaveProperty("rezise");
    };
    expectTypeOf(use).toBeFunction();
    expectTypeOf<keyof Mine["variants"]>().toBeNever();
  });

  it("are open for a model of which only the name is known", () => {
    const use = async (studio: OpenStudio) => {
      const model = studio.model("any");
      const { outputs } = await model.infer({ X: F32 }, { outputs: ["Y"] });
      expectTypeOf(outputs).toEqualTypeOf<Readonly<Record<string, Tensor>>>();
      // @ts-expect-error -- a number is no tensor
      return model.stream({ X: 1 });
    };
    expectTypeOf(use).toBeFunction();
    expectTypeOf<Studio<Toy>>().toExtend<OpenStudio>();
    expectTypeOf((endpoint: string) => connect(endpoint)).returns.resolves.toEqualTypeOf<OpenStudio>();
  });

  it("offer a decoupled model as a stream only, and the others not as one", () => {
    expectTypeOf<Studio<Toy>["models"]["draft_stream"]>().not.toHaveProperty("infer");
    expectTypeOf<Studio<Toy>["models"]["draft"]>().not.toHaveProperty("stream");
    checked((studio) => {
      const answers = studio.models.draft_stream.stream({ PROMPT, SEED }, { outputs: ["STAGE"] });
      expectTypeOf(answers).toEqualTypeOf<
        AnswerStream<PartialInference<{ readonly STAGE: Tensor<"BYTES", readonly [1]> }>>
      >();
      expectTypeOf<PartialInference<{ readonly A: number }>["outputs"]["A"]>().toEqualTypeOf<
        number | undefined
      >();
    });
  });
});

describe("the types of generate", () => {
  it("are those of each of many requests", () => {
    expectTypeOf<Studio<Toy>["models"]["text_encoder"]>().not.toHaveProperty("streamMany");
    checked(async (studio) => {
      const { draft_stream } = studio.models;
      for await (const entry of draft_stream.streamMany([{ inputs: { PROMPT, SEED } }], {
        outputs: ["STAGE"],
      })) {
        if (entry.error === undefined)
          expectTypeOf(entry.answer).toEqualTypeOf<
            PartialInference<{ readonly STAGE: Tensor<"BYTES", readonly [1]> }> | undefined
          >();
        else expectTypeOf(entry.answer).toEqualTypeOf<undefined>();
      }
      // @ts-expect-error -- an input is missing
      draft_stream.streamMany([{ inputs: {} }]);
      // @ts-expect-error -- each request has an id of its own
      draft_stream.streamMany([], { requestId: "all" });
    });
  });

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
