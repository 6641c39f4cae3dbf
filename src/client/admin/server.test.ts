import { status as Status } from "@grpc/grpc-js";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { failure } from "../testing/fake-triton.ts";
import { studioFor } from "../testing/toy-server.ts";

describe("studio.server", () => {
  it("tells whether the server lives and is ready", async () => {
    const { studio } = await studioFor();
    expect(await studio.server.live()).toBe(true);
    expect(await studio.server.ready()).toBe(true);
  });

  it("tells who it is, in words safe to print", async () => {
    const { studio } = await studioFor({
      ServerMetadata: () => ({
        name: "triton\u001B[2J",
        version: "2.51.0",
        extensions: ["statistics", "a\u0007b"],
      }),
    });
    expect(await studio.server.metadata()).toEqual({
      name: "triton",
      version: "2.51.0",
      extensions: ["statistics", "a b"],
    });
  });

  it("reads counters exactly, beyond 2^53 too", async () => {
    const asked: string[] = [];
    const { studio } = await studioFor({
      ModelStatistics: ({ name }) => {
        asked.push(name);
        const none = { count: "0", ns: "0" };
        const stats = {
          success: { count: "3", ns: "9007199254740993" },
          fail: none,
          queue: { count: "3", ns: "18446744073709551615" },
          compute_input: none,
          compute_infer: { count: "3", ns: "5" },
          compute_output: none,
          cache_hit: none,
          cache_miss: null,
        };
        const counts = { last_inference: "1700000000000", inference_count: "3", execution_count: "2" };
        const lists = { batch_stats: [], memory_usage: [], response_stats: {} };
        return {
          model_stats: [
            { name: "draft", version: "1", ...counts, ...lists, inference_stats: stats },
            { name: "idle", version: "1", ...counts, ...lists, inference_stats: null },
          ],
        };
      },
    });
    const [draft, idle] = await studio.server.statistics("draft");
    expect(draft).toEqual({
      name: "draft",
      version: "1",
      lastInferenceMs: 1_700_000_000_000n,
      inferenceCount: 3n,
      executionCount: 2n,
      success: { count: 3n, ns: 9_007_199_254_740_993n },
      fail: { count: 0n, ns: 0n },
      queue: { count: 3n, ns: 18_446_744_073_709_551_615n },
      computeInput: { count: 0n, ns: 0n },
      computeInfer: { count: 3n, ns: 5n },
      computeOutput: { count: 0n, ns: 0n },
      cacheHit: { count: 0n, ns: 0n },
      cacheMiss: { count: 0n, ns: 0n },
      batches: [],
      responses: [],
      memory: [],
    });
    expect(idle?.success).toEqual({ count: 0n, ns: 0n });
    await studio.server.statistics();
    expect(asked).toEqual(["draft", ""]);
  });

  it("lists the repository with the state of each model", async () => {
    const { studio } = await studioFor({
      RepositoryIndex: () => ({
        models: [
          { name: "draft", version: "1", state: "READY", reason: "" },
          { name: "final", version: "1", state: "UNAVAILABLE", reason: "no\nmemory" },
          { name: "never", version: "", state: "", reason: "" },
        ],
      }),
    });
    expect(await studio.server.repositoryIndex()).toEqual([
      { name: "draft", version: "1", state: "ready", reason: "" },
      { name: "final", version: "1", state: "unavailable", reason: "no memory" },
      { name: "never", version: "", state: "unknown", reason: "" },
    ]);
  });

  it("names the model whose statistics are not to be had", async () => {
    const { studio } = await studioFor({
      ModelStatistics: () =>
        Promise.reject(failure(Status.NOT_FOUND, "requested model 'x' is not available")),
    });
    await expect(studio.server.statistics("x")).rejects.toMatchObject({
      code: "model-not-found",
      details: { model: "x", grpcStatus: 5 },
    });
  });

  it("reads what was counted by batch and by response, and the memory", async () => {
    const some = { count: "2", ns: "7" };
    const response = { compute_infer: some, compute_output: null, success: some, fail: null };
    const { studio } = await studioFor({
      ModelStatistics: () => ({
        model_stats: [
          {
            ...{ name: "m", version: "1", last_inference: "0", inference_count: "0", execution_count: "0" },
            inference_stats: null,
            batch_stats: [
              { batch_size: "4", compute_input: some, compute_infer: some, compute_output: some },
            ],
            memory_usage: [{ type: "GPU", id: "-1", byte_size: "9007199254740993" }],
            response_stats: {
              "10": { ...response, empty_response: some, cancel: null },
              "9": { ...response, empty_response: null, cancel: some },
            },
          },
        ],
      }),
    });
    const [found] = await studio.server.statistics("m");
    const two = { count: 2n, ns: 7n };
    expect(found?.batches).toEqual([{ size: 4n, computeInput: two, computeInfer: two, computeOutput: two }]);
    expect(found?.memory).toEqual([{ type: "GPU", id: -1n, bytes: 9_007_199_254_740_993n }]);
    expect(
      found?.responses.map(({ index, emptyResponse, cancel }) => [index, emptyResponse.count, cancel.count]),
    ).toEqual([
      [9, 0n, 2n],
      [10, 2n, 0n],
    ]);
  });

  it("keeps its own words to what the server takes", async () => {
    const { studio } = await studioFor();
    const { server } = studio;
    const refused = (work: Promise<unknown>) =>
      expect(work).rejects.toMatchObject({ code: "request-invalid" });
    await refused(server.load("m", { files: { "1/model.py": new Uint8Array() } }));
    await refused(server.load("m", { config: "{}", files: { "../model.py": new Uint8Array() } }));
    await refused(server.load("m", { config: "{}", files: { "file:1/model.py": new Uint8Array() } }));
    await refused(server.load("m", { config: "{ not json" }));
    await refused(server.updateTraceSettings({ rate: -1 }));
    await refused(server.updateTraceSettings({ count: 1.5 }));
    await refused(server.updateLogSettings({ verboseLevel: -1 }));
    await refused(server.waitUntilReady({ deadlineMs: 1, pollMs: 0 }));
  });

  it("tells a server without model control from a model that does not load", async () => {
    const words = { load: "explicit model load / unload is not allowed if polling is enabled" };
    const { studio } = await studioFor({
      RepositoryModelLoad: ({ model_name: model }) =>
        Promise.reject(
          model === "m"
            ? failure(Status.UNAVAILABLE, words.load)
            : failure(Status.INTERNAL, "failed to load 'x'"),
        ),
    });
    await expect(studio.server.load("m")).rejects.toMatchObject({
      code: "request-invalid",
      hint: expect.stringContaining("--model-control-mode=explicit") as string,
    });
    await expect(studio.server.load("x")).rejects.toMatchObject({
      code: "model-load-failed",
      details: { model: "x" },
    });
  });

  it("sends overrides by the names that the server knows", async () => {
    const asked: unknown[] = [];
    const { studio } = await studioFor({
      RepositoryModelLoad: (request) => {
        asked.push(request);
        return {};
      },
    });
    const config = { max_batch_size: 2, input: [{ name: "X", dims: [9_007_199_254_740_993n] }] };
    await studio.server.load("m", { config, files: { "1/model.py": Uint8Array.of(1) } });
    expect(asked).toMatchObject([
      {
        model_name: "m",
        parameters: {
          config: { string_param: '{"max_batch_size":2,"input":[{"name":"X","dims":["9007199254740993"]}]}' },
          "file:1/model.py": { bytes_param: Buffer.of(1) },
        },
      },
    ]);
  });

  it("looks again until an unloaded model is gone, and no longer than it may", async () => {
    const states = ["UNLOADING", "UNLOADING", "UNAVAILABLE"];
    const { studio } = await studioFor({
      RepositoryModelUnload: () => ({}),
      RepositoryIndex: () => ({
        models: [{ name: "m", version: "1", state: states.shift() ?? "UNLOADING", reason: "" }],
      }),
    });
    await studio.server.unload("m");
    expect(states).toEqual([]);
    await expect(studio.server.unload("m", { deadlineMs: 150 })).rejects.toMatchObject({
      code: "deadline-exceeded",
    });
    const signal = AbortSignal.timeout(150);
    await expect(studio.server.unload("m", { signal })).rejects.toMatchObject({ code: "cancelled" });
  });

  it("watches the health through an absence", async () => {
    const answers = ["SERVING", "SERVING", "NOT_SERVING", "", "SERVING"];
    const { studio } = await studioFor({
      Check: () => {
        const status = answers.shift() ?? "SERVING";
        return status === "" ? Promise.reject(failure(Status.UNAVAILABLE, "gone")) : { status };
      },
    });
    const seen: string[] = [];
    for await (const state of studio.server.watchHealth({ pollMs: 1 })) {
      seen.push(state);
      if (seen.length === 4) break;
    }
    expect(seen).toEqual(["serving", "not-serving", "unreachable", "serving"]);
    const watch = studio.server.watchHealth({ pollMs: 60_000, signal: AbortSignal.timeout(50) });
    await expect(
      (async () => {
        for await (const state of watch) seen.push(state);
      })(),
    ).rejects.toMatchObject({ code: "cancelled" });
  });

  it("tells what was missing, also where the last look was cut short", async () => {
    let looks = 0;
    const { studio } = await studioFor({
      ServerReady: () => ({ ready: true }),
      ModelReady: () => {
        looks += 1;
        return looks < 3 ? { ready: false } : new Promise(() => undefined);
      },
    });
    const work = studio.server.waitUntilReady({ models: ["m"], deadlineMs: 400, pollMs: 10 });
    await expect(work).rejects.toMatchObject({
      code: "deadline-exceeded",
      message: expect.stringContaining("not ready: m") as string,
    });
  });

  it.each([3_600_000, -3_600_000])(
    "waits as long as it says where the clock is set by %d ms",
    async (step) => {
      onTestFinished(() => void vi.restoreAllMocks());
      const real = Date.now.bind(Date);
      let looks = 0;
      const { studio } = await studioFor({
        ModelReady: () => {
          looks += 1;
          if (looks === 2) vi.spyOn(Date, "now").mockImplementation(() => real() + step);
          return { ready: looks > 4 };
        },
      });
      await studio.server.waitUntilReady({ models: ["m"], deadlineMs: 10_000, pollMs: 10 });
      expect(looks).toBe(5);
      looks = -1_000_000;
      const begun = performance.now();
      const never = studio.server.waitUntilReady({ models: ["m"], deadlineMs: 200, pollMs: 10 });
      await expect(never).rejects.toMatchObject({ code: "deadline-exceeded" });
      expect(performance.now() - begun).toBeLessThan(5000);
    },
  );
});
