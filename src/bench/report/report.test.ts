import { describe, expect, it } from "vitest";
import { countsOf, END, MEASUREMENT, requestOf, runOf, START } from "../testing/runs.ts";
import { checksOf } from "./checks.ts";
import { pointOf } from "./point.ts";
import { frontierOf, reportOf } from "./report.ts";
import { timeTree } from "./time-tree.ts";

const requests = (count: number) => Array.from({ length: count }, (_, index) => requestOf(index));

/** Four clips of 100 ms: 90 in the front door, 2 of them in its queue, 84 in stages. */
const MODELS = [
  countsOf("draft_stream", 4, 360, 8),
  countsOf("tokenizer", 4, 4),
  countsOf("text_encoder", 4, 12),
  countsOf("draft_high_noise", 8, 160, 4),
  countsOf("draft_low_noise", 8, 80),
  countsOf("vae_decoder", 4, 60),
  countsOf("video_encoder", 4, 20),
  countsOf("somebody_else", 9, 999),
];

describe("timeTree", () => {
  it("adds up to the whole, with calls a request for a model that is called in a loop", () => {
    const tree = timeTree(runOf(requests(4), { models: MODELS }));
    const parts = Object.fromEntries(
      (tree?.parts ?? []).map(({ name, perRequestMs }) => [name, perRequestMs]),
    );
    expect(tree?.wholeMs).toBe(100);
    expect(parts).toEqual({
      ...{ client: 10, queue: 2, tokenizer: 1, text_encoder: 3, high_noise: 40, low_noise: 20 },
      ...{ vae_decoder: 15, video_encoder: 5, residual: 4 },
    });
    expect(Object.values(parts).reduce((sum, ms) => sum + ms, 0)).toBeCloseTo(100, 9);
    const [expert] = tree?.parts.find(({ name }) => name === "high_noise")?.models ?? [];
    expect(expert).toMatchObject({
      model: "draft_high_noise",
      callsPerRequest: 2,
      perCallMs: 20,
      queueMs: 1,
    });
    expect(tree?.foreignRequests).toBe(0);
  });

  it("counts beyond 2^53 exactly", () => {
    const huge = 2n ** 60n;
    const door = { ...countsOf("draft_stream", 4, 0), success: ["4", `${huge}`] as const };
    const tree = timeTree(runOf(requests(4), { models: [door] }));
    const residual = tree?.parts.find(({ name }) => name === "residual")?.perRequestMs;
    expect(residual).toBe(Number(huge / 1000n) / 1000 / 4);
  });

  it("tells requests of others, and has nothing to say without counters", () => {
    const more = MODELS.map((one) => (one.model === "draft_stream" ? countsOf("draft_stream", 6, 540) : one));
    expect(timeTree(runOf(requests(4), { models: more }))?.foreignRequests).toBe(2);
    expect(timeTree(runOf(requests(4), { models: [] }))).toBeUndefined();
    expect(timeTree(runOf([], { models: MODELS }))).toBeUndefined();
  });

  it("takes the unary door where that was measured", () => {
    const models = [countsOf("draft", 4, 200), ...MODELS.slice(1)];
    const start = { measurement: { ...MEASUREMENT, door: "ensemble" as const } };
    const tree = timeTree(runOf(requests(4), { models }, start));
    expect(tree?.parts.find(({ name }) => name === "client")?.perRequestMs).toBe(50);
  });
});

describe("pointOf", () => {
  it("counts response time from when a request was due, and the rate over the whole span", () => {
    const late = [requestOf(0), requestOf(1, { sentMs: 150, doneMs: 250 })];
    const point = pointOf(runOf(late));
    expect(point.responseMs).toMatchObject({ n: 2, mean: 125, max: 150 });
    expect(point.serviceMs).toMatchObject({ mean: 100 });
    expect(point.lagMs).toMatchObject({ max: 50 });
    expect(point.spanSeconds).toBe(0.25);
    expect(point.clipsPerSecond).toBe(8);
    expect(point.units).toMatchObject({
      framesPerSecond: 128,
      secondsPerVideoSecond: 0.0625,
      meanBytes: 1000,
    });
  });

  it("tells no percentile that n does not carry", () => {
    expect(pointOf(runOf(requests(4))).responseMs?.percentiles).toEqual([]);
    const percentiles = pointOf(runOf(requests(60))).responseMs?.percentiles ?? [];
    expect(percentiles.map(({ p }) => p)).toEqual([50, 90, 95]);
  });

  it("keeps errors by kind beside what succeeded, the most frequent first", () => {
    const failed = ["overloaded", "unreachable", "unreachable"].map((outcome, index) =>
      requestOf(10 + index, { outcome: outcome as "overloaded", message: `no ${index}` }),
    );
    const { requests: counts, responseMs } = pointOf(runOf([...requests(4), ...failed]));
    expect(counts).toEqual({
      ...{ succeeded: 4, failed: 3, warmUp: 0 },
      errors: [
        { code: "unreachable", count: 2, message: "no 1" },
        { code: "overloaded", count: 1, message: "no 0" },
      ],
    });
    expect(responseMs?.n).toBe(4);
  });

  it("has a distribution and a course that hold every request", () => {
    const point = pointOf(
      runOf(Array.from({ length: 500 }, (_, i) => requestOf(i, { doneMs: i * 101 + 50 }))),
    );
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    expect(sum(point.distribution.map(({ count }) => count))).toBe(500);
    expect(sum(point.overTime.map(({ n }) => n))).toBe(500);
    expect(point.overTime.length).toBeLessThanOrEqual(120);
  });

  it("gives GPU seconds and joules for a clip where there is a GPU", () => {
    const gpu = { gpus: 1, gpuSeconds: 8, peakMemoryBytes: 1, joules: 400 };
    expect(pointOf(runOf(requests(4), { resources: { gpu } })).units).toMatchObject({
      gpuSecondsPerClip: 2,
      joulesPerClip: 100,
    });
  });
});

describe("checksOf", () => {
  const verdicts = (...of: Parameters<typeof runOf>) =>
    Object.fromEntries(checksOf(runOf(...of)).map(({ name, verdict }) => [name, verdict]));
  const open = { measurement: { ...MEASUREMENT, load: { kind: "constant", perSecond: 10 } as const } };

  it("passes a run on a quiet machine by a sender that kept to its plan", () => {
    expect(verdicts(requests(20))).toEqual({
      ...{ requests: "passed", complete: "passed", generator: "passed", host: "passed" },
    });
  });

  it("fails a sender that was late by more than a tenth of the median", () => {
    const late = (ms: number) => requests(20).map((one) => ({ ...one, sentMs: one.dueMs + ms }));
    expect(verdicts(late(9), {}, open)["generator"]).toBe("passed");
    expect(verdicts(late(11), {}, open)["generator"]).toBe("failed");
  });

  it.each([
    ["a busy event loop in a closed loop", { utilization: 0.9, loopDelayP99Ms: 0, capped: 0 }],
    ["late timers", { utilization: 0.1, loopDelayP99Ms: 21, capped: 0 }],
    ["a cap on requests under way", { utilization: 0.1, loopDelayP99Ms: 0, capped: 1 }],
  ])("fails %s", (_, generator) => {
    expect(verdicts(requests(20), { generator })["generator"]).toBe("failed");
  });

  it("does not take the spinning of an open loop for work", () => {
    const generator = { utilization: 0.99, loopDelayP99Ms: 0, capped: 0 };
    expect(verdicts(requests(20), { generator }, open)["generator"]).toBe("passed");
  });

  it.each([
    ["stolen time", { steal: 0.06 }],
    ["other programs", { others: 0.25 }],
    ["an uneven spin", { spin: 1.6 }],
  ])("fails a host with %s", (_, load) => {
    expect(verdicts(requests(20), { load: { ...END.load, ...load } })["host"]).toBe("failed");
  });

  it("fails where nothing succeeded, and says what failed", () => {
    const failed = [requestOf(0, { outcome: "unreachable", message: "gone" })];
    const [check] = checksOf(runOf(failed));
    expect(check).toMatchObject({ name: "requests", verdict: "failed" });
    expect(check?.message).toContain("1 unreachable");
    expect(verdicts([])["requests"]).toBe("failed");
  });

  it("does not know of a run that was cut off, or interrupted", () => {
    const run = runOf(requests(4));
    run.end = undefined;
    expect(checksOf(run).map(({ verdict }) => verdict)).toEqual(["passed", "unknown", "unknown", "unknown"]);
    expect(verdicts(requests(4), { interrupted: true })["complete"]).toBe("unknown");
  });
});

describe("reportOf", () => {
  const run = (name: string, ms: number, startedAt: string) =>
    runOf([requestOf(0, { doneMs: ms })], {}, { name, startedAt });

  it("orders runs by when they began, whatever the order of the files", () => {
    const [early, later] = [run("a", 10, "2026-01-01T00:00:00Z"), run("b", 20, "2026-01-02T00:00:00Z")];
    expect(reportOf([later, early])).toEqual(reportOf([early, later]));
    expect(reportOf([later, early]).points.map(({ name }) => name)).toEqual(["a", "b"]);
  });

  it("names the points that no other beats", () => {
    const point = (name: string, clipsPerSecond: number, mean: number) => ({
      ...pointOf(runOf([requestOf(0)])),
      name,
      clipsPerSecond,
      responseMs: { n: 1, mean, min: 0, max: 0, percentiles: [] },
    });
    const points = [point("slow", 1, 50), point("best", 2, 40), point("most", 3, 90), point("worst", 2, 95)];
    expect(frontierOf(points)).toEqual(["best", "most"]);
  });

  it("refuses runs of several pipelines, and none", () => {
    const other = { ...START.pipeline, pipeline: "another" };
    const runs = [runOf([requestOf(0)]), runOf([requestOf(0)], {}, { pipeline: other })];
    expect(() => reportOf(runs)).toThrow(/of one pipeline, got those of 2/);
    expect(() => reportOf([])).toThrow(/of one pipeline/);
  });
});
