import { describe, expect, it } from "vitest";
import type { ModelStatistics } from "../../client/index.ts";
import { cpuShares, parseCpu } from "../host/cpu.ts";
import { spinRatio } from "../host/spin.ts";
import { countsBetween } from "./counts.ts";
import { gpuReading, gpuUse, parseMetrics } from "./metrics.ts";
import { processUse, readGroup, servingProcess } from "./process-use.ts";
import { callsOf, settledStatistics } from "./settled.ts";

function statistics(name: string, count: bigint, ns: bigint, version = "1"): ModelStatistics {
  const duration = { count, ns };
  return {
    ...{ name, version, lastInferenceMs: 0n, inferenceCount: count, executionCount: count },
    ...{ success: duration, fail: { count: 0n, ns: 0n }, queue: duration },
    ...{ computeInput: duration, computeInfer: duration, computeOutput: duration },
    ...{ cacheHit: { count: 0n, ns: 0n }, cacheMiss: { count: 0n, ns: 0n } },
    ...{ batches: [], responses: [], memory: [] },
  };
}

describe("countsBetween", () => {
  it("subtracts exactly beyond 2^53, over versions and servers, and leaves out what nobody called", () => {
    const huge = 2n ** 63n;
    const before = [statistics("a", 1n, huge), statistics("a", 5n, 7n, "2"), statistics("idle", 4n, 4n)];
    const after = [statistics("a", 3n, huge + 3n), statistics("a", 6n, 8n, "2"), statistics("idle", 4n, 4n)];
    const found = countsBetween(before, after);
    expect(found?.map(({ model }) => model)).toEqual(["a"]);
    expect(found?.[0]).toMatchObject({ executions: "3", success: ["3", "4"], queue: ["3", "4"] });
  });

  it("has nothing where a counter went backwards", () => {
    expect(countsBetween([statistics("a", 5n, 50n)], [statistics("a", 1n, 10n)])).toBeUndefined();
  });
});

describe("statistics at rest", () => {
  /** A server that counts as these say, one reading after the other; the last stays. */
  const readingsOf = (...counts: readonly number[]) => {
    let reading = -1;
    return () => {
      reading = Math.min(reading + 1, counts.length - 1);
      return Promise.resolve([statistics("draft", BigInt(counts[reading] ?? 0), 1n)]);
    };
  };

  const settled = async (read: () => Promise<ModelStatistics[]>, atLeast: number): Promise<number> => {
    const readings = await settledStatistics({ read, atLeast: { draft: atLeast }, pauseMs: 1 });
    return callsOf(readings)["draft"] ?? 0;
  };

  it("wait for calls that were answered, and until nothing moves", async () => {
    expect(await settled(readingsOf(5), 5)).toBe(5);
    expect(await settled(readingsOf(3, 3, 3, 4, 5), 5)).toBe(5);
    expect(await settled(readingsOf(5, 6, 7, 7), 5)).toBe(7);
  });

  it("do not wait for ever: not for others' calls, nor for calls that are never counted", async () => {
    let calls = 5;
    const moving = () => Promise.resolve([statistics("draft", BigInt((calls += 1)), 1n)]);
    expect(await settled(moving, 5)).toBeGreaterThan(10);
    expect(await settled(readingsOf(3), 5)).toBe(3);
  });
});

describe("metrics", () => {
  const TEXT = [
    "# HELP nv_gpu_utilization GPU utilization rate [0.0 - 1.0)",
    'nv_gpu_utilization{gpu_uuid="GPU-1"} 0.5',
    'nv_gpu_utilization{gpu_uuid="GPU-2"} 1',
    'nv_gpu_memory_used_bytes{gpu_uuid="GPU-1"} 10',
    'nv_energy_consumption{gpu_uuid="GPU-1"} 100.5 1700000000',
    'nv_inference_count{model="a\\"b",version="1"} 3',
    "nv_cpu_utilization 1",
    "no sample here",
  ].join("\n");

  it("reads names, labels and values", () => {
    const samples = parseMetrics(TEXT);
    expect(samples).toHaveLength(6);
    expect(samples[4]).toEqual({
      name: "nv_inference_count",
      labels: { model: 'a"b', version: "1" },
      value: 3,
    });
  });

  it("adds up GPU seconds: a reading stands for the time since the one before", () => {
    const samples = parseMetrics(TEXT);
    const first = gpuReading(samples, 0);
    expect(first).toMatchObject({ gpus: 2, utilization: 1.5, memoryBytes: 10, joules: 100.5 });
    if (first === undefined) throw new TypeError("no GPU");
    const later = [1000, 3000].map((atMs) => ({
      ...first,
      atMs,
      utilization: atMs / 1000,
      joules: 100.5 + atMs,
    }));
    expect(gpuUse([first, ...later])).toEqual({
      ...{ gpus: 2, gpuSeconds: 7, peakMemoryBytes: 10, joules: 3000 },
    });
  });

  it("has no GPU where the server has none", () => {
    expect(gpuReading(parseMetrics("nv_cpu_utilization 1"), 0)).toBeUndefined();
    expect(gpuUse([])).toBeUndefined();
  });
});

describe("the processes of a server", () => {
  it.skipIf(process.platform !== "linux")("are read with memory and CPU", () => {
    const group = readGroup(process.pid);
    expect(group?.processes).toBeGreaterThan(0);
    expect(group?.rssBytes).toBeGreaterThan(1e6);
    expect(readGroup(2 ** 30)).toBeUndefined();
  });

  it("are summed up: cores by CPU time, the mean and the peak of memory", () => {
    const readings = [
      { cpuMs: 100, rssBytes: 10, processes: 3 },
      { cpuMs: 700, rssBytes: 40, processes: 4 },
      { cpuMs: 1100, rssBytes: 10, processes: 3 },
    ];
    expect(processUse(7, readings, 500)).toEqual({
      ...{ pid: 7, processes: 3, cores: 2, meanRssBytes: 20, peakRssBytes: 40 },
    });
    expect(processUse(7, readings.slice(0, 1), 500)).toBeUndefined();
  });

  it("are looked for on this machine only", () => {
    expect(servingProcess("triton.example:8001")).toBeUndefined();
  });
});

describe("the host", () => {
  const before = parseCpu("cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 1 1 1 1\n");
  const after = parseCpu("cpu  160 0 110 810 10 0 0 10 0 0\n");

  it("is shared out among us, the server and others; what waits for the disk is idle", () => {
    if (before === undefined || after === undefined) throw new TypeError("not read");
    // 100 ticks of 10 ms: 70 busy, 20 idle, 10 stolen.
    const shares = cpuShares(before, after, 100, 400);
    expect(shares.busy).toBeCloseTo(0.7, 9);
    expect(shares.steal).toBeCloseTo(0.1, 9);
    expect(shares.others).toBeCloseTo(0.2, 9);
    expect(cpuShares(before, after, 100, undefined).others).toBeUndefined();
    expect(cpuShares(before, after, 100, 9000).others).toBe(0);
  });

  it("spins at its best or slower, never faster", () => {
    expect(spinRatio()).toBeGreaterThanOrEqual(1);
  });

  it("is not read from a text without its sums", () => {
    expect(parseCpu("intr 1")).toBeUndefined();
  });
});
