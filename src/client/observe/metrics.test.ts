import { status as Status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { tensor } from "../../tensor/index.ts";
import type { Studio } from "../studio.ts";
import type { toy } from "../testing/contract.ts";
import { failure } from "../testing/fake-triton.ts";
import { firstOf, progressOf, responseOf } from "../testing/messages.ts";
import { playClip, studioFor } from "../testing/toy-server.ts";
import { Histogram } from "./histogram.ts";
import { type CallMetrics, MetricsRegistry } from "./metrics.ts";

const IDS = tensor("INT64", [2, 1], new BigInt64Array(2));

function metricsOf(studio: Studio<typeof toy>, rpc: string, model?: string): CallMetrics {
  const found = studio.metrics().calls.find((call) => call.rpc === rpc && call.model === model);
  if (found === undefined) throw new Error(`no ${rpc} was counted`);
  return found;
}

const infer = (studio: Studio<typeof toy>) =>
  studio.models.text_encoder.infer({ TOKEN_IDS: IDS }, { outputs: ["CONTEXT"] });

describe("metrics", () => {
  it("count calls by model and outcome, with their bytes, those refused for their content too", async () => {
    const answers = [
      () => tensor("FP32", [2, 1], new Float32Array(2)),
      () => tensor("FP32", [3, 1], new Float32Array(3)),
      () => {
        throw failure(Status.UNAVAILABLE, "Exceeds maximum queue size");
      },
    ];
    let turn = 0;
    const { studio } = await studioFor({
      ModelInfer: (request) => {
        const CONTEXT = answers[turn++ % 3]?.();
        return responseOf(request, CONTEXT === undefined ? {} : { CONTEXT });
      },
    });
    for (let call = 0; call < 6; call += 1) await infer(studio).catch(() => undefined);
    const metrics = metricsOf(studio, "ModelInfer", "text_encoder");
    expect(metrics).toMatchObject({
      inFlight: 0,
      outcomes: { ok: 2, "response-invalid": 2, overloaded: 2 },
      answers: 4,
      latencyMs: { count: 6 },
      firstResponseMs: { count: 4 },
      requestBytes: { count: 6 },
      responseBytes: { count: 4 },
    });
    // Two INT64 each, besides the names.
    expect(metrics.requestBytes.min).toBeGreaterThan(16);
    expect(metrics.requestBytes.max).toBeLessThan(200);
    expect(metricsOf(studio, "ServerReady").outcomes).toEqual({ ok: 1 });
  });

  it("know what is under way, and how streams end", async () => {
    let turn = 0;
    const { studio } = await studioFor({
      ModelStreamInfer: (stream) => {
        turn += 1;
        if (turn === 1) playClip(stream);
        else if (turn === 2) stream.send(progressOf("tokenizer", 1, 1, 1));
        else stream.complain("STEPS: expected 4, got 5");
      },
    });
    const draft = (): CallMetrics => metricsOf(studio, "ModelStreamInfer", "draft_stream");
    await studio.draft.generate({ prompt: "a" }).result;
    expect(draft()).toMatchObject({ inFlight: 0, outcomes: { ok: 1 }, answers: 7 });
    const left = studio.draft.generate({ prompt: "a" });
    expect(draft().inFlight).toBe(1);
    await firstOf(left);
    await left.result.catch(() => undefined);
    await studio.draft.generate({ prompt: "a" }).result.catch(() => undefined);
    expect(draft()).toMatchObject({ inFlight: 0, outcomes: { ok: 1, cancelled: 1, "request-invalid": 1 } });
    expect(draft().latencyMs.count).toBe(3);
  });

  it("do not count what was refused before anything was sent", async () => {
    const { server, studio } = await studioFor();
    const inputs = { TOKEN_IDS: tensor("INT64", [2, 1], new BigInt64Array(2)) };
    const before = studio.metrics().calls.length;
    for (const options of [{ headers: { "x a": "b" } }, { deadlineMs: -1 }])
      await expect(studio.models.text_encoder.infer(inputs, options)).rejects.toMatchObject({
        code: "request-invalid",
      });
    const run = studio.draft.generate({ prompt: "a" }, { headers: { "x a": "b" } });
    await expect(run.result).rejects.toMatchObject({ code: "request-invalid" });
    expect(studio.metrics().calls).toHaveLength(before);
    expect(server.requests).toEqual([]);
  });

  it("do not grow with the names of models without bound", () => {
    const registry = new MetricsRegistry("host:1");
    for (let name = 0; name < 3000; name += 1) registry.meter("ModelInfer", `model-${name}`).begun();
    const { calls } = registry.data();
    expect(calls.length).toBeLessThan(1010);
    expect(calls.at(-1)).toMatchObject({ model: "(others)", inFlight: 2000 });
  });
});

describe("Histogram", () => {
  it("counts each value in all buckets that it fits, and one above all in the count alone", () => {
    const histogram = new Histogram([1, 10, 100]);
    for (const value of [1, 5, 10, 11, 1000]) histogram.record(value);
    expect(histogram.data()).toEqual({
      count: 5,
      sum: 1027,
      min: 1,
      max: 1000,
      buckets: [
        { upTo: 1, count: 1 },
        { upTo: 10, count: 3 },
        { upTo: 100, count: 4 },
      ],
    });
    expect(new Histogram([1]).data()).toEqual({
      count: 0,
      sum: 0,
      min: 0,
      max: 0,
      buckets: [{ upTo: 1, count: 0 }],
    });
  });
});
