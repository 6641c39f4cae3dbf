import { status as Status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { type Tensor, tensor } from "../../tensor/index.ts";
import { failure } from "../testing/fake-triton.ts";
import { responseOf } from "../testing/messages.ts";
import { studioFor } from "../testing/toy-server.ts";

const IDS = tensor("INT64", [2, 3], BigInt64Array.of(1n, 2n, 3n, 4n, 5n, 6n));
const CONTEXT = tensor("FP32", [2, 3], Float32Array.of(1, 2, 3, 4, 5, 6));
const POOLED = tensor("FP16", [2], Float32Array.of(0.5, -2));

describe("infer", () => {
  it("sends the tensors raw and in the contract's order, and reads the answer by name", async () => {
    const { server, studio } = await studioFor({
      ModelInfer: (request) => ({
        ...responseOf(request, { POOLED, CONTEXT }),
        parameters: {
          took: { int64_param: "9007199254740993" },
          cached: { bool_param: false },
          odd: {},
          triton_final_response: { bool_param: true },
        },
      }),
    });
    const answer = await studio.models.text_encoder.infer(
      { TOKEN_MASK: IDS, TOKEN_IDS: IDS },
      { requestId: "job-7", parameters: { tenant: "a", level: 3, share: 0.5, big: 1n << 60n, dry: true } },
    );
    expect(answer).toMatchObject({
      outputs: { POOLED, CONTEXT },
      classes: {},
      modelVersion: "1",
      requestId: "job-7",
      parameters: { took: 9_007_199_254_740_993n, cached: false },
    });
    expect(server.requests[0]).toMatchObject({
      model_name: "text_encoder",
      id: "job-7",
      inputs: [
        { name: "TOKEN_IDS", datatype: "INT64", shape: ["2", "3"] },
        { name: "TOKEN_MASK", datatype: "INT64", shape: ["2", "3"] },
      ],
      outputs: [{ name: "CONTEXT" }, { name: "POOLED" }],
      parameters: {
        tenant: { string_param: "a" },
        level: { int64_param: "3" },
        share: { double_param: 0.5 },
        big: { int64_param: "1152921504606846976" },
        dry: { bool_param: true },
      },
    });
    expect(server.requests[0]?.raw_input_contents).toHaveLength(2);
    expect(server.requests[0]?.raw_input_contents[0]?.subarray(0, 9)).toEqual(
      Buffer.of(1, 0, 0, 0, 0, 0, 0, 0, 2),
    );
  });

  it("asks for a subset of the outputs and needs no more than those", async () => {
    const { server, studio } = await studioFor({ ModelInfer: (request) => responseOf(request, { POOLED }) });
    const { outputs } = await studio.models.text_encoder.infer({ TOKEN_IDS: IDS }, { outputs: ["POOLED"] });
    expect(outputs).toEqual({ POOLED });
    expect(server.requests[0]?.outputs.map(({ name }) => name)).toEqual(["POOLED"]);
  });

  it("carries a batch dim for a model that has one", async () => {
    const sum = tensor("FP32", [3, 1], Float32Array.of(1, 2, 3));
    const { studio } = await studioFor({ ModelInfer: (request) => responseOf(request, { SUM: sum }) });
    const a = tensor("FP32", [3, 2], new Float32Array(6));
    expect((await studio.models.batched.infer({ A: a })).outputs.SUM).toEqual(sum);
  });

  it("carries many megabytes both ways", async () => {
    const columns = 1 << 20;
    const { studio } = await studioFor({
      ModelInfer: (request) =>
        responseOf(request, {
          CONTEXT: tensor("FP32", [2, columns], new Float32Array(2 * columns).fill(1.5)),
          POOLED,
        }),
    });
    const ids = tensor("INT64", [2, columns], new BigInt64Array(2 * columns));
    const { outputs } = await studio.models.text_encoder.infer({ TOKEN_IDS: ids });
    expect(outputs.CONTEXT.data.length).toBe(2 * columns);
    expect(outputs.CONTEXT.data.at(-1)).toBe(1.5);
  });
});

describe("a wrong request", () => {
  const f32 = (...shape: number[]): Tensor<"FP32"> =>
    tensor("FP32", shape, new Float32Array(shape.reduce((a, b) => a * b, 1)));
  const wrong = (value: unknown): never => value as never;
  const inferAny = (model: unknown, inputs: object): Promise<unknown> =>
    (model as { infer: (inputs: object) => Promise<unknown> }).infer(inputs);

  it.each([
    ["text_encoder", {}, "TOKEN_IDS: this input is required"],
    ["text_encoder", { TOKEN_IDS: f32(2, 3) }, "TOKEN_IDS: expected INT64, got FP32"],
    [
      "text_encoder",
      { TOKEN_IDS: tensor("INT64", [6], new BigInt64Array(6)) },
      "expected shape [2,-1], got [6]",
    ],
    [
      "text_encoder",
      { TOKEN_IDS: tensor("INT64", [3, 2], new BigInt64Array(6)) },
      "expected shape [2,-1], got [3,2]",
    ],
    [
      "text_encoder",
      { TOKEN_IDS: IDS, TOKEN_MAKS: IDS },
      "TOKEN_MAKS: no such input; there are TOKEN_IDS, TOKEN_MASK",
    ],
    ["batched", { A: f32(2) }, "A: expected shape [-1,2], got [2]"],
    ["batched", { A: f32(5, 2) }, "A: expected a batch of 1 to 4, got 5"],
    ["batched", { A: f32(0, 2) }, "A: expected a batch of 1 to 4, got 0"],
    ["batched", { A: f32(2, 2), B: f32(3, 1) }, "B: expected the batch of the other inputs, 2"],
  ] as const)("for %s never leaves the client (%#)", async (model, inputs, message) => {
    const { server, studio } = await studioFor();
    await expect(inferAny(studio.models[model], inputs)).rejects.toMatchObject({
      code: "request-invalid",
      message: expect.stringContaining(message) as string,
      details: { model },
    });
    expect(server.requests).toEqual([]);
  });

  it.each([
    [{ parameters: { priority: 1 } }, "priority"],
    [{ parameters: { triton_enable_empty_final_response: true } }, "triton_"],
    [{ parameters: { p: Number.NaN } }, "finite"],
    [{ parameters: { p: 1n << 63n } }, "64 bits"],
    [{ outputs: wrong([]) }, "none was asked for"],
    [{ outputs: wrong(["NOPE"]) }, "NOPE"],
    [{ outputs: wrong(["POOLED", "POOLED"]) }, "POOLED"],
    [{ deadlineMs: 0 }, "deadlineMs"],
  ])("with options %o never leaves the client", async (options, message) => {
    const { server, studio } = await studioFor();
    await expect(studio.models.text_encoder.infer({ TOKEN_IDS: IDS }, options)).rejects.toMatchObject({
      code: "request-invalid",
      message: expect.stringContaining(message) as string,
    });
    expect(server.requests).toEqual([]);
  });

  it("can still carry values that only the server can judge", async () => {
    const { studio } = await studioFor({
      ModelInfer: () => Promise.reject(failure(Status.INVALID_ARGUMENT, "SEED must not be negative")),
    });
    const seed = tensor("INT64", [1], BigInt64Array.of(-1n));
    const prompt = tensor("BYTES", [1], [""]);
    await expect(studio.models.draft.infer({ PROMPT: prompt, SEED: seed })).rejects.toMatchObject({
      code: "request-invalid",
      message: expect.stringContaining("SEED must not be negative") as string,
      details: { model: "draft", grpcStatus: 3 },
    });
  });
});

describe("a wrong answer", () => {
  const good = { CONTEXT, POOLED };
  it.each<[string, Partial<ReturnType<typeof responseOf>>, string]>([
    [
      "a tensor cut short",
      { raw_output_contents: [new Uint8Array(23), new Uint8Array(4)] },
      "expected 24 bytes, got 23",
    ],
    ["a tensor too long", { raw_output_contents: [new Uint8Array(24), new Uint8Array(5)] }, "POOLED"],
    ["data missing", { raw_output_contents: [new Uint8Array(24)] }, "2 outputs but 1 pieces of data"],
    ["another datatype", { outputs: [{ name: "CONTEXT", datatype: "INT32", shape: [2, 3] }] }, "got INT32"],
    [
      "no datatype at all",
      { outputs: [{ name: "CONTEXT", datatype: "\u001B[2J", shape: [2, 3] }] },
      "unknown datatype",
    ],
    [
      "another shape",
      { outputs: [{ name: "CONTEXT", datatype: "FP32", shape: [3, 2] }] },
      "[2,-1], got [3,2]",
    ],
    ["a negative shape", { outputs: [{ name: "CONTEXT", datatype: "FP32", shape: [2, -3] }] }, "CONTEXT"],
    [
      "a huge shape",
      { outputs: [{ name: "CONTEXT", datatype: "FP32", shape: [2, "9223372036854775807"] }] },
      "CONTEXT",
    ],
    ["an output nobody knows", { outputs: [{ name: "X\u0007", datatype: "FP32", shape: [2, 3] }] }, '"X"'],
    ["the name of another model", { model_name: "tokenizer" }, 'the answer is one of "tokenizer"'],
    ["an output missing", { outputs: [], raw_output_contents: [] }, "no output CONTEXT, POOLED"],
  ])("with %s is refused", async (_, change, message) => {
    const { studio } = await studioFor({
      ModelInfer: (request) => {
        const response = { ...responseOf(request, good), ...change };
        return {
          ...response,
          raw_output_contents: response.raw_output_contents.slice(0, change.outputs?.length ?? 2),
        };
      },
    });
    await expect(studio.models.text_encoder.infer({ TOKEN_IDS: IDS })).rejects.toMatchObject({
      code: "response-invalid",
      message: expect.stringContaining(message) as string,
      details: { model: "text_encoder" },
    });
    await expect(studio.models.text_encoder.infer({ TOKEN_IDS: IDS })).rejects.not.toMatchObject({
      message: expect.stringMatching(/\.\.$/) as string,
    });
  });

  it("does not come of a server that leaves out the name of the model", async () => {
    const { studio } = await studioFor({
      ModelInfer: (request) => ({ ...responseOf(request, good), model_name: "" }),
    });
    expect((await studio.models.text_encoder.infer({ TOKEN_IDS: IDS })).outputs.POOLED.shape).toEqual([2]);
  });
});

describe("ending a call early", () => {
  it("happens at its deadline, and the server hears of it", async () => {
    let heard: Promise<void> | undefined;
    const { studio } = await studioFor({
      ModelInfer: (_, call) => {
        heard = new Promise((resolve) => call.once("cancelled", resolve));
        return new Promise(() => undefined);
      },
    });
    const call = studio.models.text_encoder.infer({ TOKEN_IDS: IDS }, { deadlineMs: 100 });
    await expect(call).rejects.toMatchObject({
      code: "deadline-exceeded",
      details: { model: "text_encoder" },
    });
    await heard;
  });

  it("happens when its signal aborts, with the signal's reason as cause", async () => {
    let heard: Promise<void> | undefined;
    const controller = new AbortController();
    const { studio } = await studioFor({
      ModelInfer: (_, call) => {
        heard = new Promise((resolve) => call.once("cancelled", resolve));
        controller.abort("no longer wanted");
        return new Promise(() => undefined);
      },
    });
    const call = studio.models.text_encoder.infer({ TOKEN_IDS: IDS }, { signal: controller.signal });
    await expect(call).rejects.toMatchObject({ code: "cancelled", cause: "no longer wanted" });
    await heard;
  });

  it("sends nothing if the signal has aborted already", async () => {
    const { server, studio } = await studioFor();
    const call = studio.models.text_encoder.infer({ TOKEN_IDS: IDS }, { signal: AbortSignal.abort() });
    await expect(call).rejects.toMatchObject({ code: "cancelled" });
    expect(server.requests).toEqual([]);
  });

  it("happens when the server dies", async () => {
    const { server, studio } = await studioFor({
      ModelInfer: () => {
        setTimeout(() => {
          server.kill();
        }, 20);
        return new Promise(() => undefined);
      },
    });
    await expect(studio.models.text_encoder.infer({ TOKEN_IDS: IDS })).rejects.toMatchObject({
      code: "unreachable",
    });
  });
});
