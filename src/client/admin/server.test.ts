import { status as Status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
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
        return {
          model_stats: [
            { name: "draft", version: "1", ...counts, inference_stats: stats },
            { name: "idle", version: "1", ...counts, inference_stats: null },
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
});
