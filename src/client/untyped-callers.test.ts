import { describe, expect, it } from "vitest";
import { type Tensor, tensor } from "../tensor/index.ts";
import { connect } from "./connect.ts";
import { logging } from "./observe/logging.ts";
import { metricsText } from "./observe/metrics-text.ts";
import { replay } from "./recorder/replay.ts";
import { Session } from "./recorder/session.ts";
import { toy } from "./testing/contract.ts";
import { serve, studioFor } from "./testing/toy-server.ts";

/** What a caller without types may write in place of anything. */
const any = (value: unknown): never => value as never;

const IDS = tensor("INT64", [2, 1], new BigInt64Array(2));
const INPUTS = {
  PROMPT: tensor("BYTES", [1], ["a"]),
  SEED: tensor("INT64", [1], BigInt64Array.of(7n)),
};
const EVIL = `\u001b[31m${"X".repeat(66_000)}`;

const readAll = async (items: AsyncIterable<unknown>): Promise<void> => {
  for await (const item of items) expect(item).toBeDefined();
};

/** Refused as request-invalid or usage, in words that a terminal can show and a person can read. */
async function refusal(work: () => unknown): Promise<string> {
  const reason: unknown = await Promise.resolve()
    .then(work)
    .then(
      () => "it was taken",
      (error: unknown) => error,
    );
  expect(reason).toMatchObject({ name: "TriptychError" });
  const { code, message, hint = "" } = reason as { code: string; message: string; hint?: string };
  expect(["request-invalid", "usage", "unreachable"]).toContain(code);
  expect(message + hint).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  expect(message.length).toBeLessThan(600);
  expect(message).not.toMatch(/\.\.$/);
  return message;
}

describe("a caller without types", () => {
  it.each([
    [null],
    [5],
    [[]],
    [{ TOKEN_IDS: null }],
    [{ TOKEN_IDS: "x" }],
    [{ TOKEN_IDS: { datatype: "INT64", shape: [2, 1] } }],
    [{ [EVIL]: IDS }],
  ])("is told of inputs %o", async (inputs) => {
    const { server, studio } = await studioFor();
    await refusal(() => studio.models.text_encoder.infer(any(inputs)));
    expect(server.requests).toEqual([]);
  });

  it.each([
    null,
    5,
    { outputs: "CONTEXT" },
    { outputs: [5] },
    { outputs: [EVIL] },
    { priority: "x" },
    { priority: null },
    { queueTimeoutUs: {} },
    { sequence: {} },
    { sequence: null },
    { sequence: { id: 1, start: "yes" } },
    { sequence: { id: "\ud800" } },
    { parameters: null },
    { parameters: { a: null } },
    { parameters: { a: {} } },
    { parameters: { [EVIL]: null } },
    { parameters: { a: "\ud800" } },
    { requestId: "\ud800" },
    { requestId: 5 },
    { classes: null },
    { classes: { [EVIL]: 1 } },
    { version: EVIL },
    { version: 5 },
  ])("is told of options %o", async (options) => {
    const { server, studio } = await studioFor();
    const { text_encoder, draft_stream } = studio.models;
    await refusal(() => text_encoder.infer({ TOKEN_IDS: IDS }, any(options)));
    await refusal(() => readAll(draft_stream.stream(INPUTS, any(options))));
    expect(server.requests).toEqual([]);
  });

  it.each([null, 5, "requests", {}, [null], ["x"]])("is told of requests %o", async (requests) => {
    const { studio } = await studioFor();
    await refusal(() => readAll(studio.models.draft_stream.streamMany(any(requests))));
  });

  it("is told of a model that has no name, and its metrics stay readable", async () => {
    const { studio } = await studioFor();
    await refusal(() => studio.model(any(5)).infer({}));
    await refusal(() => studio.server.modelMetadata(any(null)));
    await refusal(() => studio.server.load(any(null)));
    expect(metricsText(studio.metrics())).toContain("triptych_client_calls_total");
  });

  it.each([null, 5, {}, ["127.0.0.1:1", null], EVIL, `${EVIL}:1`, "\u001b[31mX:1"])(
    "is told of the endpoint %o",
    async (endpoint) => {
      await refusal(() => connect(any(endpoint)));
    },
  );

  it.each([
    null,
    { use: null },
    { use: [() => 1] },
    { use: [{}] },
    { use: [null] },
    { use: [{ unary: 5 }] },
    { sharedMemory: { bogus: 1 } },
    { sharedMemory: 5 },
  ])("is told of the options %o of connect", async (options) => {
    const server = await serve();
    await refusal(() => connect(server.endpoint, any(options)));
  });

  it("is told of a format, a level and a session that there are not", async () => {
    const { studio } = await studioFor();
    expect(await refusal(() => metricsText(studio.metrics(), any("nope")))).toContain("openmetrics");
    expect(await refusal(() => logging({ level: any("nope") }))).toContain("warn");
    await refusal(() => Session.parse(any(5)));
    await refusal(() => replay(any(null)));
  });

  it.each([[{}], [null], ["clip.mp4"]])("is told of %o as the target of a clip", async (target) => {
    const { studio } = await studioFor();
    const clip = await studio.draft.generate({ prompt: "a" }).result;
    await refusal(() => clip.pipeTo(any(target)));
    await refusal(() => clip.pipeTo(process.stdout, { what: any("nope") }));
    await refusal(() => clip.pipeTo(process.stdout, any(null)));
  });

  it.each([{ seed: "x" }, { seed: null }, { [EVIL]: 1 }])("is told of a request %o", async (request) => {
    const { studio } = await studioFor();
    await refusal(() => studio.draft.generate(any({ prompt: "a", ...request })).result);
    await refusal(() => studio.draft.generateUnary({ prompt: "a" }, any(null)));
  });
});

describe("a name that a terminal would act on", () => {
  const model = {
    inputs: [{ name: "\u001b[31mX", datatype: "FP32", dims: [1] }],
    outputs: [{ name: "Y", datatype: "FP32", dims: [1] }],
    decoupled: false,
    maxBatchSize: 0,
  } as const;

  it("is clean and short in every message", async () => {
    // Servers repeat a name, and a client reads only so much of that.
    const EVIL = `\u001b[31m${"X".repeat(900)}`;
    const server = await serve();
    const contract = { pipeline: EVIL, variants: {}, models: { [EVIL]: model } };
    const refused = async (work: () => unknown): Promise<void> => {
      const reason = (await Promise.resolve()
        .then(work)
        .catch((error: unknown) => error)) as Error;
      expect(reason.message).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
      expect(reason.message.length).toBeLessThan(1200);
    };
    await refused(() => connect(server.endpoint, { contract }));
    await using studio = await connect(server.endpoint, { contract, skipContractCheck: true });
    const named = studio.models[EVIL] as { infer(inputs: Record<string, Tensor>): Promise<unknown> };
    await refused(() => named.infer({}));
    await refused(() => named.infer({ "\u001b[31mX": tensor("FP32", [1], new Float32Array(1)) }));
    await refused(() => studio.model(EVIL).infer({}));
    await refused(() => studio.server.modelMetadata(EVIL));
    await refused(() => studio.server.unload(EVIL));
    const name = EVIL;
    const unary = () => Promise.reject(new Error(EVIL));
    await refused(() => connect(server.endpoint, { contract: toy, use: [{ name, unary }] }));
  });
});
