import { status as Status } from "@grpc/grpc-js";
import { describe, expect, it, onTestFinished } from "vitest";
import { tensor } from "../../tensor/index.ts";
import { connect } from "../connect.ts";
import type { UnaryRpcs } from "../protocol/messages.ts";
import { type FakeHandlers, failure } from "../testing/fake-triton.ts";
import { firstOf, responseOf } from "../testing/messages.ts";
import { serve } from "../testing/toy-server.ts";

type Config = NonNullable<UnaryRpcs["ModelConfig"]["response"]["config"]>;

const X = tensor("FP32", [2], Float32Array.of(1, 2));
const config = (dims: readonly string[], decoupled = false): Config => ({
  max_batch_size: 0,
  input: [{ name: "X", data_type: "TYPE_FP32", dims, optional: false }],
  output: [{ name: "Y", data_type: "TYPE_FP32", dims: ["-1"], optional: false }],
  model_transaction_policy: decoupled ? { decoupled } : null,
});

/** A server whose only model has the configurations given, one after the other, and how often it was asked. */
async function doorTo(configs: readonly Config[], handlers: FakeHandlers = {}) {
  let asked = 0;
  const server = await serve({
    ModelConfig: () => ({ config: configs[Math.min(asked++, configs.length - 1)] ?? null }),
    ModelInfer: (request) => responseOf(request, { Y: X }),
    ...handlers,
  });
  const studio = await connect(server.endpoint);
  onTestFinished(() => studio.close());
  return { server, studio, model: studio.model("mine"), asked: () => asked };
}

describe("a model that is known by its name", () => {
  it("asks for its contract at the first call, and keeps it for all doors to the model", async () => {
    const { studio, model, asked } = await doorTo([config(["2"])]);
    expect(asked()).toBe(0);
    const { outputs } = await model.infer({ X });
    expect(outputs["Y"]?.data).toEqual(Float32Array.of(1, 2));
    await studio.model("mine").infer({ X }, { outputs: ["Y"] });
    expect(await model.contract()).toEqual({
      inputs: [{ name: "X", datatype: "FP32", dims: [2] }],
      outputs: [{ name: "Y", datatype: "FP32", dims: [-1] }],
      decoupled: false,
      maxBatchSize: 0,
    });
    expect(asked()).toBe(1);
  });

  it("has the checks of the typed door", async () => {
    const { server, model } = await doorTo([config(["3"])]);
    await expect(model.infer({ X })).rejects.toMatchObject({
      code: "request-invalid",
      message: "mine, input X: expected shape [3], got [2].",
    });
    await expect(model.infer({})).rejects.toThrow("this input is required");
    await expect(model.infer({ Z: X })).rejects.toThrow("no such input; there are X");
    expect(server.requests).toEqual([]);
  });

  it("asks again when a call does not fit what it knew, and takes the model as it is now", async () => {
    const { model, asked } = await doorTo([config(["3"]), config(["3"]), config(["2"])]);
    await expect(model.infer({ X: tensor("FP32", [3], new Float32Array(3)) })).resolves.toBeDefined();
    await expect(model.infer({ X })).rejects.toMatchObject({ code: "request-invalid" });
    expect(asked()).toBe(2);
    await expect(model.infer({ X })).resolves.toBeDefined();
    expect(asked()).toBe(3);
  });

  it("asks again after a server refused what it had said it takes", async () => {
    const { model, asked } = await doorTo([config(["2"])], {
      ModelInfer: () => Promise.reject(failure(Status.INVALID_ARGUMENT, "unexpected shape")),
    });
    await expect(model.infer({ X })).rejects.toMatchObject({ code: "request-invalid" });
    await expect(model.infer({ X })).rejects.toMatchObject({ code: "request-invalid" });
    expect(asked()).toBe(2);
  });

  it("says which of the two ways to call it is the right one", async () => {
    const unary = await doorTo([config(["2"])]);
    await expect(firstOf(unary.model.stream({ X }))).rejects.toMatchObject({
      code: "request-invalid",
      message: "mine answers a request once: expected a call of infer, got stream.",
    });
    const streaming = await doorTo([config(["2"], true)]);
    await expect(streaming.model.infer({ X })).rejects.toMatchObject({
      code: "request-invalid",
      message: "mine may answer any number of times: expected a call of stream, got infer.",
      hint: expect.stringContaining("stream(") as string,
    });
  });

  it("streams, and cancels when the loop is left", async () => {
    const { server, model } = await doorTo([config(["2"], true)], {
      ModelStreamInfer: (stream) => {
        stream.send({ Y: X });
      },
    });
    const first = await firstOf(model.stream({ X }));
    expect(first?.outputs["Y"]?.shape).toEqual([2]);
    await server.streams[0]?.cancelled;
  });

  it("says what is wrong with the question itself", async () => {
    const gone = await doorTo([], {
      ModelConfig: () => Promise.reject(failure(Status.NOT_FOUND, "unknown model")),
    });
    await expect(gone.model.infer({ X })).rejects.toMatchObject({ code: "model-not-found" });
    const silent = await doorTo([], { ModelConfig: () => new Promise(() => undefined) });
    await expect(silent.model.infer({ X }, { deadlineMs: 200 })).rejects.toMatchObject({
      code: "deadline-exceeded",
    });
    const signal = AbortSignal.abort();
    await expect(silent.model.contract({ signal })).rejects.toMatchObject({ code: "cancelled" });
  });
});

describe("connecting without a contract", () => {
  it("gives what needs none", async () => {
    const { studio } = await doorTo([config(["2"])]);
    const own = ["close", "drain", "endpoint", "endpoints", "metrics", "model", "server", "sharedMemory"];
    expect(Object.keys(studio).sort()).toEqual(own);
    expect(await studio.server.ready()).toBe(true);
  });

  it("is not what one gets for a contract that is undefined", async () => {
    const options = { contract: undefined } as object;
    await expect(connect("127.0.0.1:1", options)).rejects.toMatchObject({ code: "usage" });
  });
});
