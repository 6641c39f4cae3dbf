import { describe, expect, it } from "vitest";
import { seededRandom } from "../plan/random.ts";
import { countsOf, END, MEASUREMENT, requestOf, runOf, START } from "../testing/runs.ts";
import { checksOf } from "./checks.ts";
import { pointOf } from "./point.ts";
import { frontierOf, reportOf } from "./report.ts";
import { tablesOf } from "./tables.ts";
import { timeTree } from "./time-tree.ts";
import { renderReport } from "./write.ts";

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

  it("leaves out what others had of the server, and of shared models their share of the calls", () => {
    const variants = {
      ...START.pipeline.variants,
      final: { ensemble: "final", stream: "final_stream", steps: [20], guidance: true },
    };
    const start = { pipeline: { ...START.pipeline, variants } };
    const final = [countsOf("final_stream", 1, 900), countsOf("final_high_noise", 10, 800)];
    const shared = [
      countsOf("tokenizer", 5, 5),
      countsOf("text_encoder", 5, 15),
      countsOf("vae_decoder", 5, 75),
    ];
    const models = [...MODELS.filter(({ model }) => !shared.some((one) => one.model === model)), ...shared];
    const run = runOf(requests(4), { models: [...models, ...final] }, start);
    const tree = timeTree(run);
    expect(tree?.parts).toEqual(timeTree(runOf(requests(4), { models: MODELS }))?.parts);
    expect(tree?.foreignRequests).toBe(1);
    expect(tree?.foreignCalls).toContainEqual({ model: "final_high_noise", calls: 10 });
    expect(tree?.foreignCalls).toContainEqual({ model: "tokenizer", calls: 1 });
    const check = checksOf(run).find(({ name }) => name === "server");
    expect(check?.verdict).toBe("warned");
    expect(check?.message).toContain("others sent 1 requests or more");
    const note = tablesOf(reportOf([run])).find(({ title }) => title.startsWith("Where"))?.note;
    expect(note).toContain("final_high_noise 10");
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

  it.each(Array.from({ length: 40 }, (_, index) => index + 1))(
    "has a rate within its own interval, in random run %d",
    (seed) => {
      const random = seededRandom(seed, "runs");
      const count = 5 + Math.floor(random() * (seed % 4 === 0 ? 700 : 60));
      let at = 0;
      const run = Array.from({ length: count }, (_, index) => {
        at += random() ** 3 * 200;
        // Some runs end with a server that answers nothing any more.
        const isLost = seed % 3 === 0 && index > count * 0.7;
        const doneMs = at + 50 + random() * 400;
        return requestOf(index, {
          dueMs: at,
          sentMs: at,
          doneMs,
          ...(isLost ? { outcome: "unreachable" } : {}),
        });
      });
      const { clipsPerSecond, clipsPerSecondInterval } = pointOf(runOf(run));
      if (clipsPerSecondInterval === undefined) return;
      const [low, high] = clipsPerSecondInterval;
      expect(low).toBeLessThan(clipsPerSecond);
      expect(high).toBeGreaterThan(clipsPerSecond);
      expect(high / low).toBeLessThan(30);
    },
  );

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
  const extent = { requests: 20 };
  const open = {
    measurement: { ...MEASUREMENT, extent, load: { kind: "constant", perSecond: 10 } as const },
  };

  it("passes a run on a quiet machine by a sender that kept to its plan", () => {
    const models = MODELS.slice(0, -1);
    expect(verdicts(requests(4), { models })).toEqual({
      ...{ requests: "passed", failures: "passed", complete: "passed", generator: "passed", host: "passed" },
      server: "passed",
    });
    expect(verdicts(requests(4))["server"]).toBe("unknown");
  });

  it("warns of parts that are more than the whole, beyond rounding", () => {
    const stages = MODELS.slice(1, -1);
    const inside = (ms: number) => ({ models: [countsOf("draft_stream", 4, ms), ...stages] });
    expect(verdicts(requests(4), inside(330))["server"]).toBe("passed");
    expect(verdicts(requests(4), inside(300))["server"]).toBe("warned");
  });

  it("warns of requests that failed, with their share and kinds", () => {
    const failed = requests(7).map((one) => ({ ...one, outcome: "unreachable" as const }));
    const run = runOf([...requests(13), ...failed]);
    const check = checksOf(run).find(({ name }) => name === "failures");
    expect(check).toEqual({
      ...{ name: "failures", verdict: "warned" },
      message: "7 of 20 requests failed (35.0 %): 7 unreachable",
    });
    const junit = renderReport(reportOf([run]))["junit.xml"] ?? "";
    expect(junit).toContain('failures="1" errors="0"');
    expect(junit).toMatch(/name="failures">\n\s*<failure message="7 of 20 requests failed/);
  });

  it("fails a whole run that has more or fewer requests than were planned", () => {
    const planned = (count: number) => ({ measurement: { ...MEASUREMENT, extent: { requests: count } } });
    expect(verdicts(requests(4), {}, planned(4))["complete"]).toBe("passed");
    expect(verdicts(requests(4), {}, planned(5))["complete"]).toBe("failed");
    expect(verdicts(requests(4), {}, planned(3))["complete"]).toBe("failed");
    expect(verdicts(requests(4), { interrupted: true }, planned(5))["complete"]).toBe("unknown");
    const timed = { measurement: { ...MEASUREMENT, extent: { requests: 5, durationMs: 100 } } };
    expect(verdicts(requests(4), {}, timed)["complete"]).toBe("passed");
  });

  it("does not take a millisecond of a short plan for a sender that was saturated", () => {
    const pair = (late: number) => [requestOf(1), requestOf(2, { sentMs: 200 + late, doneMs: 350 })];
    const load = { kind: "trace", offsetsMs: [100, 200] } as const;
    const start = { measurement: { ...MEASUREMENT, load } };
    expect(verdicts(pair(2.1), {}, start)["generator"]).toBe("passed");
    expect(verdicts(pair(12), {}, start)["generator"]).toBe("failed");
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
    expect(checksOf(run).map(({ verdict }) => verdict)).toEqual([
      ...["passed", "passed", "unknown", "unknown", "unknown", "unknown"],
    ]);
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

  it("tells runs of one name apart", () => {
    const runs = [run("a", 10, "2026-01-01"), run("a-2", 10, "2026-01-02"), run("a", 20, "2026-01-03")];
    const report = reportOf([...runs, run("a", 30, "2026-01-04")]);
    expect(report.points.map(({ name }) => name)).toEqual(["a", "a-2", "a-3", "a-4"]);
    const metrics = (renderReport(report)["metrics.txt"] ?? "")
      .split("\n")
      .map((line) => line.split("} ")[0]);
    expect(new Set(metrics).size).toBe(metrics.length);
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
