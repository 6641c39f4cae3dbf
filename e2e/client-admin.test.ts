import { cpSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { connect, type OpenStudio } from "../src/client/index.ts";
import type { ModelConfigMessage } from "../src/model-config/index.ts";
import { startTriton, type TritonServer } from "../src/server/index.ts";
import { tensor } from "../src/tensor/index.ts";
import { OfficialClient } from "./fixtures/official.ts";
import { ROOT, temporaryFolder } from "./support.ts";

const MODELS = ["batched", "identity", "repeat"];
const X = tensor("FP32", [3], Float32Array.of(1, 2, 3));
const CPU = [{ kind: "KIND_CPU", count: 1 }] as const;

/** The identity for three numbers only. */
const THREE: ModelConfigMessage = {
  backend: "python",
  input: [{ name: "INPUT", data_type: "TYPE_FP32", dims: [3n] }],
  output: [{ name: "OUTPUT", data_type: "TYPE_FP32", dims: [3n] }],
  instance_group: CPU,
};

let folder: string;
let server: TritonServer;
let studio: OpenStudio;
let official: OfficialClient;

beforeAll(async () => {
  folder = temporaryFolder("admin-models");
  for (const name of MODELS) {
    cpSync(path.join(ROOT, "e2e/fixtures/models", name), path.join(folder, name), { recursive: true });
  }
  server = await startTriton({
    kind: "embedded",
    modelRepository: folder,
    models: MODELS,
    flags: [`--trace-config=triton,file=${path.join(temporaryFolder("trace"), "trace.json")}`],
  });
  studio = await connect(server.grpcEndpoint);
  official = new OfficialClient(server.grpcEndpoint);
});

afterAll(async () => {
  await official[Symbol.asyncDispose]();
  await studio.close();
  await server.stop();
});

/** A message as the official client's JSON has it: 64-bit numbers as text. */
const asJson = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? `${item}` : item)));

const codeOf = (work: Promise<unknown>) => expect(work).rejects;

describe("health", () => {
  it("is what the official client is told", async () => {
    const ours = studio.server;
    expect(await ours.live()).toBe(await official.call("is_server_live"));
    expect(await ours.ready()).toBe(await official.call("is_server_ready"));
    for (const [model, version] of [
      ["identity", "1"],
      ["identity", "9"],
      ["nobody", ""],
    ] as const) {
      const theirs = await official.call("is_model_ready", { model_name: model, model_version: version });
      expect(await ours.modelReady(model, { version })).toBe(theirs);
    }
    expect(await ours.health()).toBe("serving");
    for await (const state of ours.watchHealth()) {
      expect(state).toBe("serving");
      break;
    }
  });

  it("is waited for, and what stays away is named", async () => {
    await studio.server.waitUntilReady({ models: MODELS });
    await codeOf(
      studio.server.waitUntilReady({ models: ["identity", "nobody"], deadlineMs: 300, pollMs: 50 }),
    ).toMatchObject({
      code: "deadline-exceeded",
      message: expect.stringContaining("not ready: nobody") as string,
    });
  });
});

describe("what the server says of itself and its models", () => {
  it("is what the official client is told", async () => {
    const ours = studio.server;
    expect(await ours.metadata()).toEqual(await official.call("get_server_metadata"));
    for (const model of MODELS) {
      const theirs = (await official.call("get_model_metadata", { model_name: model })) as object;
      const found = await ours.modelMetadata(model);
      expect(
        JSON.parse(
          JSON.stringify(found, (key, item: unknown) =>
            key === "shape" ? (item as number[]).map(String) : item,
          ),
        ),
      ).toEqual(theirs);
      const { config } = (await official.call("get_model_config", { model_name: model })) as {
        config: unknown;
      };
      expect(asJson(await ours.modelConfig(model))).toEqual(config);
    }
  });

  it("is refused for versions that are none or not there", async () => {
    await codeOf(studio.server.modelConfig("identity", { version: "7" })).toMatchObject({
      code: "model-not-found",
    });
    await codeOf(studio.server.modelMetadata("identity", { version: "new" })).toMatchObject({
      code: "request-invalid",
      message: 'identity: expected a version such as "1", got "new".',
    });
  });
});

describe("loading and unloading", () => {
  it("overrides the config, and the files with it", async () => {
    const code = readFileSync(path.join(folder, "identity/1/model.py"), "utf8").replace(
      "array)",
      "array * 2)",
    );
    await studio.server.load("identity", { config: THREE, files: { "1/model.py": Buffer.from(code) } });
    onTestFinished(() => studio.server.load("identity"));
    expect(await studio.model("identity").contract()).toMatchObject({ inputs: [{ dims: [3] }] });
    const { outputs } = await studio.model("identity").infer({ INPUT: X });
    expect(outputs["OUTPUT"]?.data).toEqual(Float32Array.of(2, 4, 6));
    const theirs = await official.call("get_model_config", { model_name: "identity" });
    expect(theirs).toMatchObject({ config: { input: [{ dims: ["3"] }] } });
  });

  it("unloads until the model is gone, and lists what is there", async () => {
    await studio.server.unload("batched");
    const index = await studio.server.repositoryIndex();
    expect(index.find(({ name }) => name === "batched")).toEqual({
      name: "batched",
      version: "1",
      state: "unavailable",
      reason: "unloaded",
    });
    const ready = await studio.server.repositoryIndex({ ready: true });
    expect(ready.map(({ name }) => name)).toEqual(["identity", "repeat"]);
    const theirs = (await official.call("get_model_repository_index")) as { models: object[] };
    expect(theirs.models).toHaveLength(index.length);
    await studio.server.load("batched", {
      config: JSON.stringify({ max_batch_size: 2, ...(asJson(batchedConfig) as object) }),
    });
    expect(await studio.server.modelConfig("batched")).toMatchObject({ max_batch_size: 2 });
  });

  it("tells what is wrong with a model that does not load", async () => {
    const { server: ours } = studio;
    await codeOf(ours.load("nobody")).toMatchObject({ code: "model-load-failed" });
    await codeOf(ours.load("identity", { config: { ...THREE, backend: "none" } })).toMatchObject({
      code: "model-load-failed",
      message: expect.stringContaining("unable to find backend library") as string,
    });
    await codeOf(ours.load("identity", { files: { "1/model.py": new Uint8Array() } })).toMatchObject({
      code: "request-invalid",
    });
    await codeOf(ours.unload("nobody")).toMatchObject({ code: "model-not-found" });
  });
});

const batchedConfig: ModelConfigMessage = {
  backend: "python",
  input: [
    { name: "A", data_type: "TYPE_FP32", dims: [2n] },
    { name: "B", data_type: "TYPE_FP32", dims: [1n], optional: true },
  ],
  output: [{ name: "SUM", data_type: "TYPE_FP32", dims: [1n] }],
  instance_group: CPU,
};

describe("statistics", () => {
  /** The official client's counters, as ours have them. */
  const theirsOf = async (model: string) => {
    const { model_stats: stats } = (await official.call("get_inference_statistics", {
      model_name: model,
    })) as {
      model_stats: readonly [
        { inference_stats: Record<string, { count?: string; ns?: string }>; [key: string]: unknown },
      ];
    };
    return stats[0];
  };
  const pair = ({ count = "0", ns = "0" }: { count?: string; ns?: string } = {}) => ({
    count: BigInt(count),
    ns: BigInt(ns),
  });

  it("are the official client's to the nanosecond", async () => {
    await studio.model("identity").infer({ INPUT: X });
    const [ours] = await studio.server.statistics("identity");
    const theirs = await theirsOf("identity");
    const stats = theirs.inference_stats;
    expect(ours).toMatchObject({
      inferenceCount: BigInt(theirs["inference_count"] as string),
      executionCount: BigInt(theirs["execution_count"] as string),
      lastInferenceMs: BigInt(theirs["last_inference"] as string),
      success: pair(stats["success"]),
      fail: pair(stats["fail"]),
      queue: pair(stats["queue"]),
      computeInput: pair(stats["compute_input"]),
      computeInfer: pair(stats["compute_infer"]),
      computeOutput: pair(stats["compute_output"]),
    });
    const [batch] = theirs["batch_stats"] as [
      { batch_size: string; compute_infer: { count: string; ns: string } },
    ];
    expect(ours?.batches).toHaveLength(1);
    expect(ours?.batches[0]).toMatchObject({
      size: BigInt(batch.batch_size),
      computeInfer: pair(batch.compute_infer),
    });
  });

  it("tell what was added since a reading", async () => {
    const before = await studio.server.statistics("repeat");
    for (let at = 0; at < 2; at += 1) {
      for await (const { outputs } of studio
        .model("repeat")
        .stream({ TIMES: tensor("INT32", [1], Int32Array.of(3)) })) {
        expect(outputs).toBeDefined();
      }
    }
    const [added] = await studio.server.statisticsSince(before);
    expect(added).toMatchObject({
      name: "repeat",
      reloaded: false,
      inferenceCount: 2n,
      success: { count: 2n },
    });
  });

  it("say that a model was loaded anew in between", async () => {
    await studio.model("identity").infer({ INPUT: X });
    const before = await studio.server.statistics("identity");
    await studio.server.load("identity", { config: THREE });
    onTestFinished(() => studio.server.load("identity"));
    const [added] = await studio.server.statisticsSince(before);
    expect(added).toMatchObject({ reloaded: true, inferenceCount: 0n });
  });
});

describe("settings", () => {
  it("of the tracing are changed for all and for one model, and set back", async () => {
    const { server: ours } = studio;
    const start = await ours.traceSettings();
    expect(start).toMatchObject({ level: ["OFF"], rate: 1000, count: -1, logFrequency: 0, mode: "triton" });
    expect(
      await ours.updateTraceSettings(
        { level: ["TIMESTAMPS", "TENSORS"], rate: 7, count: 5, logFrequency: 3 },
        { model: "identity" },
      ),
    ).toMatchObject({
      level: ["TIMESTAMPS", "TENSORS"],
      rate: 7,
      count: 5,
      logFrequency: 3,
    });
    const theirs = await official.call("get_trace_settings", { model_name: "identity" });
    expect(theirs).toMatchObject({
      settings: { trace_rate: { value: ["7"] }, log_frequency: { value: ["3"] } },
    });
    await official.call("update_trace_settings", { settings: { trace_rate: "11" } });
    expect(await ours.traceSettings()).toMatchObject({ rate: 11 });
    const back = { level: null, rate: null, count: null, logFrequency: null };
    expect(await ours.updateTraceSettings(back, { model: "identity" })).toMatchObject({
      level: ["OFF"],
      rate: 11,
    });
    expect(await ours.updateTraceSettings(back)).toEqual(start);
  });

  it("of the log are changed", async () => {
    const { server: ours } = studio;
    const start = await ours.logSettings();
    expect(await ours.updateLogSettings({ warning: false, verboseLevel: 1, format: "ISO8601" })).toEqual({
      ...start,
      warning: false,
      verboseLevel: 1,
      format: "ISO8601",
    });
    const theirs = await official.call("get_log_settings");
    expect(theirs).toMatchObject({ settings: { log_warning: {}, log_verbose_level: { uint32_param: 1 } } });
    await official.call("update_log_settings", {
      settings: { log_verbose_level: 0, log_format: "default", log_warning: true },
    });
    expect(await ours.logSettings()).toEqual(start);
  });

  it("that the server would ignore are refused", async () => {
    const wrong = { level: "LOUD" } as unknown as { level: "OFF" };
    await codeOf(studio.server.updateTraceSettings(wrong)).toMatchObject({
      code: "request-invalid",
      message: 'level: expected OFF, TIMESTAMPS, TENSORS, got "LOUD".',
    });
    const stray = { bogus: 1 } as unknown as { info: boolean };
    await codeOf(studio.server.updateLogSettings(stray)).toMatchObject({
      message: 'There is no setting "bogus" to change.',
    });
  });
});
