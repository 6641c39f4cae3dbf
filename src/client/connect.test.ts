import { createServer } from "node:net";
import { status as Status } from "@grpc/grpc-js";
import { describe, expect, it, onTestFinished } from "vitest";
import { isTriptychError, type TriptychError } from "../errors/index.ts";
import { type Contract, type DescribedModel, STUDIO_NAMES } from "../model-config/index.ts";
import { type TensorSpec, toConfigType } from "../tensor/index.ts";
import { type ConnectOptions, connect } from "./connect.ts";
import { toy } from "./testing/contract.ts";
import { failure } from "./testing/fake-triton.ts";
import { metadataOf } from "./testing/messages.ts";
import { HEALTHY, serve, studioFor } from "./testing/toy-server.ts";

/** What connecting fails with. */
async function refusal(
  endpoint: string,
  options: Partial<ConnectOptions<Contract>> = {},
): Promise<TriptychError> {
  const reason = await connect(endpoint, { contract: toy, ...options }).then(
    () => "it connected",
    (error: unknown) => error,
  );
  if (isTriptychError(reason)) return reason;
  throw reason;
}

/** A port where nobody listens any more. */
async function freePort(): Promise<number> {
  const server = await serve();
  server.kill();
  await expect.poll(async () => (await refusal(server.endpoint)).code).toBe("unreachable");
  return server.port;
}

describe("connect", () => {
  it("hands over a studio for a server that serves the contract", async () => {
    const { server, studio } = await studioFor();
    expect(studio.endpoint).toBe(server.endpoint);
    expect(Object.keys(studio.variants)).toEqual(["draft", "final"]);
    expect(studio.draft).toBe(studio.variants.draft);
    expect(Object.keys(studio.models)).toEqual(Object.keys(toy.models));
  });

  it("says at once that nobody listens", async () => {
    const port = await freePort();
    const started = performance.now();
    const error = await refusal(`127.0.0.1:${port}`);
    expect(error).toMatchObject({
      code: "unreachable",
      details: { endpoint: `127.0.0.1:${port}`, grpcStatus: 14 },
    });
    expect(error.hint).toContain("8001");
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it("reaches a server that came up after a failed attempt, without waiting out a back-off", async () => {
    const port = await freePort();
    await serve({}, port);
    const studio = await connect(`127.0.0.1:${port}`, { contract: toy });
    await studio.close();
  });

  it("gives up on an endpoint that takes the connection and never answers", async () => {
    const mute = createServer(() => undefined).listen(0, "127.0.0.1");
    onTestFinished(() => void mute.close());
    await new Promise((resolve) => mute.once("listening", resolve));
    const { port } = mute.address() as { port: number };
    const error = await refusal(`127.0.0.1:${port}`, { deadlineMs: 200 });
    expect(error).toMatchObject({ code: "unreachable", cause: { code: "deadline-exceeded" } });
  });

  it("says what of the caller's own did not answer", async () => {
    const server = await serve();
    const never = () => new Promise<never>(() => undefined);
    expect(await refusal(server.endpoint, { token: never, deadlineMs: 200 })).toMatchObject({
      code: "deadline-exceeded",
      message: expect.stringContaining("waited for what the function `token` gives") as string,
    });
    const error = await refusal(server.endpoint, { use: [{ unary: never }], deadlineMs: 199.5 });
    expect(error).toMatchObject({
      code: "deadline-exceeded",
      message: expect.stringMatching(/No answer within \d+ ms\./) as string,
      hint: expect.stringContaining("middleware") as string,
    });
  });

  it("says that a port speaks something else than gRPC", async () => {
    const http = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")).listen(
      0,
      "127.0.0.1",
    );
    onTestFinished(() => void http.close());
    await new Promise((resolve) => http.once("listening", resolve));
    const { port } = http.address() as { port: number };
    expect(await refusal(`127.0.0.1:${port}`, { deadlineMs: 2000 })).toMatchObject({ code: "unreachable" });
  });

  it("refuses a server that is not ready", async () => {
    const server = await serve({ ServerReady: () => ({ ready: false }) });
    expect(await refusal(server.endpoint)).toMatchObject({
      code: "server-not-ready",
      message: expect.stringContaining("not ready") as string,
    });
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])(
    "refuses a deadline of %s ms",
    async (deadlineMs) => {
      expect(await refusal("127.0.0.1:1", { deadlineMs })).toMatchObject({ code: "request-invalid" });
    },
  );

  it("stops connecting when its signal aborts, and forgets the signal afterwards", async () => {
    const server = await serve({ ServerReady: () => new Promise(() => undefined) });
    const controller = new AbortController();
    const pending = refusal(server.endpoint, { signal: controller.signal });
    setTimeout(() => {
      controller.abort("enough");
    }, 20);
    expect(await pending).toMatchObject({ code: "cancelled", cause: "enough" });
    expect(await refusal(server.endpoint, { signal: AbortSignal.abort() })).toMatchObject({
      code: "cancelled",
    });
  });
});

describe("the contract check", () => {
  it("lists every difference, not just the first", async () => {
    const server = await serve({
      ModelMetadata: ({ name }) => {
        const live = metadataOf(toy, name);
        const [ids] = live?.inputs ?? [];
        if (live === undefined || ids === undefined || name === "final") {
          throw failure(Status.NOT_FOUND, "unknown model");
        }
        if (name === "text_encoder") {
          return {
            ...live,
            inputs: [
              { name: "TOKEN_IDS", datatype: "INT32", shape: [1, -1] },
              { ...ids, name: "EXTRA\u001B[2J" },
            ],
          };
        }
        if (name === "batched") return { ...live, outputs: [{ name: "SUM", datatype: "FP32", shape: [1] }] };
        return live;
      },
      RepositoryIndex: () => ({ models: [] }),
    });
    const error = await refusal(server.endpoint);
    expect(error.code).toBe("contract-mismatch");
    expect(error.details.findings?.map(({ rule, path }) => [rule, path])).toEqual([
      ["missing-model", "models.final"],
      ["datatype", "models.text_encoder.inputs.TOKEN_IDS"],
      ["shape", "models.text_encoder.inputs.TOKEN_IDS"],
      ["missing-input", "models.text_encoder.inputs.TOKEN_MASK"],
      ["extra-input", "models.text_encoder.inputs.EXTRA"],
      ["shape", "models.batched.outputs.SUM"],
    ]);
    expect(error.message).toContain("6 differences");
    expect(error.message).toContain("models.batched.outputs.SUM: expected shape [-1,1], got [1].");
  });

  it("can be left out", async () => {
    const server = await serve({
      ModelMetadata: () => Promise.reject(failure(Status.INTERNAL, "must not be asked")),
    });
    const studio = await connect(server.endpoint, { contract: toy, skipContractCheck: true });
    await studio.close();
    expect(await refusal(server.endpoint)).toMatchObject({ code: "inference-failed" });
  });

  it("lets a model rest that was unloaded on purpose, but not a front door or one that failed", async () => {
    const unloaded = (gone: string, reason = "unloaded"): typeof HEALTHY => ({
      ModelMetadata: ({ name }) => {
        const live = metadataOf(toy, name);
        if (live === undefined || name === gone) throw failure(Status.NOT_FOUND, "unknown model");
        return live;
      },
      RepositoryIndex: () => ({ models: [{ name: gone, version: "1", state: "UNAVAILABLE", reason }] }),
    });
    const resting = await serve(unloaded("batched"));
    await (await connect(resting.endpoint, { contract: toy })).close();
    for (const handlers of [
      unloaded("draft"),
      unloaded("draft_stream"),
      unloaded("batched", "out of memory"),
    ]) {
      expect(await refusal((await serve(handlers)).endpoint)).toMatchObject({ code: "contract-mismatch" });
    }
  });

  it("counts a model as missing where the server does not show its index", async () => {
    const server = await serve({
      ModelMetadata: () => Promise.reject(failure(Status.NOT_FOUND, "unknown model")),
    });
    const error = await refusal(server.endpoint);
    expect(error.details.findings).toHaveLength(Object.keys(toy.models).length);
  });

  it("finds a variant whose front door the contract does not describe", async () => {
    const server = await serve();
    const contract = { ...toy, variants: { draft: { ...toy.variants.draft, stream: "gone" } } };
    const error = await refusal(server.endpoint, { contract });
    expect(error.details.findings).toMatchObject([{ rule: "missing-door", path: "variants.draft.stream" }]);
  });
});

describe("the contract check of what only the configuration tells", () => {
  /** A server whose configuration of `text_encoder` is what the toy contract says, with a change. */
  const configured = (change: Partial<DescribedModel>): typeof HEALTHY => ({
    ModelConfig: ({ name }) => {
      const models: Contract["models"] = toy.models;
      const { inputs = [], outputs = [], decoupled = false, maxBatchSize = 0 } = models[name] ?? {};
      const tensors = (specs: readonly TensorSpec[]): DescribedModel["input"] & object =>
        specs.map(({ name: tensor, datatype, dims, optional = false }) => ({
          name: tensor,
          data_type: toConfigType(datatype),
          dims: dims.map(String),
          optional,
        }));
      const config = {
        max_batch_size: maxBatchSize,
        input: tensors(inputs),
        output: tensors(outputs),
        model_transaction_policy: decoupled ? { decoupled } : null,
      };
      return { config: name === "text_encoder" ? { ...config, ...change } : config };
    },
  });

  it("finds nothing where all is the same", async () => {
    await (await connect((await serve(configured({}))).endpoint, { contract: toy })).close();
  });

  it("compares decoupled, batch size and which inputs may be left out", async () => {
    const input = [
      { name: "TOKEN_IDS", data_type: "TYPE_INT64", dims: ["2", "-1"], optional: true },
      { name: "TOKEN_MASK", data_type: "TYPE_INT64", dims: ["2", "-1"], optional: false },
    ];
    const change = { max_batch_size: 8, model_transaction_policy: { decoupled: true }, input };
    const error = await refusal((await serve(configured(change))).endpoint);
    expect(error.details.findings).toMatchObject([
      { rule: "optional", path: "models.text_encoder.inputs.TOKEN_IDS", expected: "false", got: "true" },
      { rule: "optional", path: "models.text_encoder.inputs.TOKEN_MASK", expected: "true", got: "false" },
      { rule: "decoupled", path: "models.text_encoder.decoupled", expected: "false", got: "true" },
      { rule: "max-batch-size", path: "models.text_encoder.maxBatchSize", expected: "0", got: "8" },
    ]);
  });

  it("goes by the metadata alone where a configuration cannot be read", async () => {
    const input = [{ name: "TOKEN_IDS", data_type: 99, dims: [] }];
    await (await connect((await serve(configured({ input }))).endpoint, { contract: toy })).close();
  });
});

describe("closing a studio", () => {
  it("cancels what runs, here and at the server, and may be done twice", async () => {
    const { server, studio } = await studioFor({ ModelStreamInfer: () => undefined });
    const { result } = studio.draft.generate({ prompt: "x" });
    await expect.poll(() => server.streams.length).toBe(1);
    await Promise.all([studio.close(), studio.close()]);
    await expect(result).rejects.toMatchObject({
      code: "cancelled",
      message: expect.stringContaining("closed") as string,
    });
    await server.streams[0]?.cancelled;
    await studio.close();
    await expect(studio.server.live()).rejects.toMatchObject({ code: "cancelled" });
  });

  it("comes with `await using`", async () => {
    const server = await serve();
    let kept;
    {
      await using studio = await connect(server.endpoint, { contract: toy });
      expect(await studio.server.live()).toBe(true);
      kept = studio;
    }
    await expect(kept.server.live()).rejects.toMatchObject({ code: "cancelled" });
  });

  it("refuses a variant that would be hidden by a name of its own, and the spec of it", async () => {
    const { studio } = await studioFor();
    const names = [...Object.keys(studio).filter((name) => !(name in toy.variants)), "then"];
    expect(names.sort()).toEqual(STUDIO_NAMES);
    for (const name of names) {
      const contract: Contract = { ...toy, variants: { [name]: toy.variants.draft } };
      expect(await refusal(studio.endpoint, { contract, skipContractCheck: true })).toMatchObject({
        code: "usage",
        details: { findings: [{ rule: "variant-name", path: `variants.${name}` }] },
      });
    }
  });

  it("refuses a contract that contradicts itself, whatever the server says", async () => {
    const server = await serve();
    const Y = { name: "Y", datatype: "FP32", dims: [1, 2] } as const;
    const model = {
      inputs: [Y, { ...Y, dimNames: ["L"] }],
      outputs: [Y],
      decoupled: false,
      maxBatchSize: 0,
    };
    const contract: Contract = { pipeline: "p", variants: {}, models: { m: model } };
    const error = await refusal(server.endpoint, { contract, skipContractCheck: true });
    expect(error.code).toBe("usage");
    expect(error.details.findings).toMatchObject([
      { rule: "twice", path: "models.m.inputs.Y" },
      { rule: "dim-names", message: expect.stringContaining("each of 2 dims") as string },
    ]);
  });
});
