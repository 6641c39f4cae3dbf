import { status as Status } from "@grpc/grpc-js";
import { describe, expect, it, onTestFinished } from "vitest";
import { stringsOf, tensor } from "../../tensor/index.ts";
import { connect } from "../connect.ts";
import { toy } from "../testing/contract.ts";
import { failure } from "../testing/fake-triton.ts";
import { firstOf, progressOf, responseOf, VIDEO } from "../testing/messages.ts";
import { startProxy } from "../testing/proxy.ts";
import { playClip, sendDone, serve, studioFor } from "../testing/toy-server.ts";
import type { ProgressEvent, Run } from "./types.ts";

async function eventsOf(run: Run): Promise<ProgressEvent[]> {
  const events: ProgressEvent[] = [];
  for await (const event of run) events.push(event);
  return events;
}

/** A server's first step, after which it does nothing more. */
const oneStep = {
  ModelStreamInfer: (stream: Parameters<typeof playClip>[0]) => {
    stream.send(progressOf("high_noise", 1, 40, 1_000));
  },
};

describe("generate", () => {
  it("tells of every step and hands over the clip", async () => {
    const { server, studio } = await studioFor();
    const run = studio.draft.generate({ prompt: "a red circle", seed: 7 });
    expect(await eventsOf(run)).toEqual([
      { stage: "text_encoder", step: 1, steps: 1, elapsedMs: 1 },
      { stage: "high_noise", step: 1, steps: 2, elapsedMs: 3 },
      { stage: "high_noise", step: 2, steps: 2, elapsedMs: 5.5 },
      { stage: "low_noise", step: 1, steps: 2, elapsedMs: 6 },
      { stage: "low_noise", step: 2, steps: 2, elapsedMs: 9 },
    ]);
    const clip = await run.result;
    expect(clip.video).toEqual(VIDEO);
    expect(clip.used).toEqual({ seed: 7n, steps: 4 });
    expect(clip.frames).toBeUndefined();
    expect(clip.stages).toEqual([
      { stage: "text_encoder", ms: 1, steps: 1 },
      { stage: "high_noise", ms: 4.5, steps: 2 },
      { stage: "low_noise", ms: 3.5, steps: 2 },
    ]);
    expect(server.requests[0]?.model_name).toBe("draft_stream");
    expect(server.requests[0]?.outputs.map(({ name }) => name)).toEqual([
      "STAGE",
      "STEP",
      "STEPS",
      "ELAPSED_US",
      "VIDEO",
    ]);
  });

  it("gives the result without anyone looping, and the loop without anyone awaiting", async () => {
    const { studio } = await studioFor();
    const [clip, events] = await Promise.all([
      studio.draft.generate({ prompt: "a" }).result,
      eventsOf(studio.draft.generate({ prompt: "a" })),
    ]);
    expect(clip.video).toEqual(VIDEO);
    expect(events).toHaveLength(5);
  });

  it("still has its events after the result", async () => {
    const { studio } = await studioFor();
    const run = studio.draft.generate({ prompt: "a" });
    await run.result;
    expect(await eventsOf(run)).toHaveLength(5);
  });

  it("brings frames, latent and previews when asked", async () => {
    const preview = tensor("UINT8", [2, 2, 3], new Uint8Array(12).fill(9));
    const { studio } = await studioFor({
      ModelStreamInfer: (stream) => {
        stream.send({ ...progressOf("high_noise", 1, 1, 10), PREVIEW: preview });
        sendDone(stream, true);
        stream.end();
      },
    });
    const run = studio.final.generate({ prompt: "a", frames: true, latent: true, previews: true });
    expect((await eventsOf(run))[0]?.preview).toEqual(preview);
    const clip = await run.result;
    expect(clip.frames?.shape).toEqual([2, 4, 4, 3]);
    expect(clip.latent?.shape).toEqual([2, 1, 2, 2]);
  });

  it("sends a guided request whole", async () => {
    const { server, studio } = await studioFor();
    const request = {
      prompt: "a",
      negativePrompt: "b",
      steps: 40,
      guidance: { highNoise: 4 },
      seed: 2n ** 60n,
    } as const;
    const { used } = await studio.final.generate(request).result;
    expect(used).toEqual({ seed: 2n ** 60n, steps: 40, guidance: { highNoise: 4 } });
    const names = server.requests[0]?.inputs.map(({ name }) => name);
    expect(names).toEqual(["PROMPT", "SEED", "STEPS", "NEGATIVE_PROMPT", "GUIDANCE_HIGH_NOISE"]);
  });

  it("reports the seed it drew, which is the one it sent", async () => {
    const { server, studio } = await studioFor();
    const { used } = await studio.draft.generate({ prompt: "a" }).result;
    expect(Buffer.from(server.requests[0]?.raw_input_contents[1] ?? []).readBigInt64LE()).toBe(used.seed);
  });
});

describe("a run that is cancelled", () => {
  it("by leaving the loop is cancelled at the server", async () => {
    const { server, studio } = await studioFor(oneStep);
    const run = studio.draft.generate({ prompt: "a" });
    await firstOf(run);
    await server.streams[0]?.cancelled;
    await expect(run.result).rejects.toMatchObject({ code: "cancelled" });
  });

  it("by cancel() ends loop and result alike", async () => {
    const { server, studio } = await studioFor(oneStep);
    const run = studio.draft.generate({ prompt: "a" });
    const looping = (async () => {
      for await (const { step } of run) if (step === 1) run.cancel();
    })();
    await expect(looping).rejects.toMatchObject({ code: "cancelled" });
    await expect(run.result).rejects.toMatchObject({ code: "cancelled" });
    await server.streams[0]?.cancelled;
    run.cancel();
  });

  it("by its signal keeps the reason", async () => {
    const controller = new AbortController();
    const { server, studio } = await studioFor(oneStep);
    const run = studio.draft.generate({ prompt: "a" }, { signal: controller.signal });
    for await (const { step } of run) {
      expect(step).toBe(1);
      controller.abort("user left");
      break;
    }
    await expect(run.result).rejects.toMatchObject({ code: "cancelled", cause: "user left" });
    await server.streams[0]?.cancelled;
  });

  it("before it began fails like that, and nothing is sent", async () => {
    const { server, studio } = await studioFor();
    const run = studio.draft.generate({ prompt: "a" }, { signal: AbortSignal.abort("early") });
    await expect(run.result).rejects.toMatchObject({ code: "cancelled", cause: "early" });
    await expect(eventsOf(run)).rejects.toMatchObject({ code: "cancelled" });
    expect(server.requests).toEqual([]);
  });

  it("after its end keeps its clip", async () => {
    const { studio } = await studioFor();
    const run = studio.draft.generate({ prompt: "a" });
    await run.result;
    run.cancel();
    await firstOf(run);
    expect((await run.result).video).toEqual(VIDEO);
  });
});

describe("a run that fails", () => {
  it("does not end the process when nobody looks", async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", note);
    onTestFinished(() => void process.off("unhandledRejection", note));
    const { studio } = await studioFor({
      ModelStreamInfer: (stream) => {
        stream.fail(Status.INTERNAL, "boom");
      },
    });
    studio.draft.generate({ prompt: "a" });
    studio.draft.generate({ prompt: "a", seed: -1 });
    await expect(eventsOf(studio.draft.generate({ prompt: "a" }))).rejects.toMatchObject({
      code: "inference-failed",
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(unhandled).toEqual([]);
  });

  it("tells of a wrong request in the result and the loop, and sends nothing", async () => {
    const { server, studio } = await studioFor();
    const run = studio.draft.generate({ prompt: "a", seed: -1 });
    await expect(run.result).rejects.toMatchObject({
      code: "request-invalid",
      message: expect.stringContaining("SEED") as string,
    });
    await expect(eventsOf(run)).rejects.toMatchObject({ code: "request-invalid" });
    expect(server.requests).toEqual([]);
  });

  it("shows the steps before the failure", async () => {
    const { studio } = await studioFor({
      ModelStreamInfer: async (stream) => {
        stream.send(progressOf("high_noise", 1, 2, 5));
        await new Promise((resolve) => setTimeout(resolve, 50));
        stream.fail(Status.INTERNAL, "CUDA error");
      },
    });
    const run = studio.draft.generate({ prompt: "a" });
    const seen: number[] = [];
    const looping = (async () => {
      for await (const { step } of run) seen.push(step);
    })();
    await expect(looping).rejects.toMatchObject({
      code: "inference-failed",
      details: { model: "draft_stream" },
    });
    await expect(run.result).rejects.toThrow("CUDA error");
    expect(seen).toEqual([1]);
  });

  it("has an hour where nothing else is said", async () => {
    const { server, studio } = await studioFor();
    await studio.draft.generate({ prompt: "a" }, { deadlineMs: undefined }).result;
    const left = server.streams[0]?.msLeft;
    expect(left).toBeGreaterThan(3_590_000);
    expect(left).toBeLessThanOrEqual(3_600_000);
  });

  it("fails at its deadline", async () => {
    const { studio } = await studioFor(oneStep);
    const { result } = studio.draft.generate({ prompt: "a" }, { deadlineMs: 100 });
    await expect(result).rejects.toMatchObject({ code: "deadline-exceeded" });
  });

  it("fails at once when the connection is cut in the middle of a clip", async () => {
    const server = await serve(oneStep);
    const proxy = await startProxy(server.port);
    await using studio = await connect(proxy.endpoint, { contract: toy });
    const run = studio.draft.generate({ prompt: "a" });
    const started = performance.now();
    const looping = (async () => {
      for await (const { step } of run) if (step === 1) proxy.cut();
    })();
    await expect(looping).rejects.toMatchObject({ code: "unreachable" });
    await expect(run.result).rejects.toMatchObject({ code: "unreachable" });
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it("keeps a clip that was there before the connection went", async () => {
    const server = await serve({
      ModelStreamInfer: (stream) => {
        sendDone(stream);
        setTimeout(() => {
          proxy.cut();
        }, 50);
      },
    });
    const proxy = await startProxy(server.port);
    await using studio = await connect(proxy.endpoint, { contract: toy });
    expect((await studio.draft.generate({ prompt: "a" }).result).video).toEqual(VIDEO);
  });

  it.each([
    ["no clip", {}, "VIDEO: the stream ended without it"],
    ["an unknown stage", progressOf("lunch\u001B[2J", 1, 1, 1), 'got "lunch"'],
    ["a negative time", progressOf("tokenizer", 1, 1, -5), "ELAPSED_US: expected a number"],
    [
      "a stage that is no text",
      { ...progressOf("x", 1, 1, 1), STAGE: tensor("BYTES", [1], [Uint8Array.of(0xff)]) },
      "STAGE",
    ],
    ["no step", { STAGE: tensor("BYTES", [1], ["tokenizer"]) }, "STEP: expected one element, got none"],
    ["a clip without video", progressOf("done", 1, 1, 1), "VIDEO: expected one element, got none"],
  ])("refuses %s", async (_, outputs, message) => {
    const { studio } = await studioFor({
      ModelStreamInfer: (stream) => {
        if (Object.keys(outputs).length > 0) stream.send(outputs);
        stream.respond(responseOf(stream.request, {}));
      },
    });
    await expect(studio.draft.generate({ prompt: "a" }).result).rejects.toMatchObject({
      code: "response-invalid",
      message: expect.stringContaining(message) as string,
    });
  });
});

describe("generateUnary", () => {
  it("asks the ensemble for the video and no more", async () => {
    const { server, studio } = await studioFor();
    const clip = await studio.draft.generateUnary({ prompt: "一只狗", seed: 7 });
    expect(clip).toMatchObject({ video: VIDEO, stages: [], used: { seed: 7n, steps: 4 } });
    expect(clip.frames).toBeUndefined();
    expect(server.requests[0]).toMatchObject({ model_name: "draft", outputs: [{ name: "VIDEO" }] });
    const prompt = tensor("BYTES", [1], ["一只狗"]);
    expect(server.requests[0]?.raw_input_contents[0]?.subarray(4).toString()).toBe(stringsOf(prompt)[0]);
  });

  it("brings the frames when asked", async () => {
    const { studio } = await studioFor();
    // @ts-expect-error the unary door gives the video alone
    await studio.final.generateUnary({ prompt: "a", frames: true });
  });

  it("rejects a wrong request and a refused one alike", async () => {
    const { studio } = await studioFor({
      ModelInfer: () => Promise.reject(failure(Status.INVALID_ARGUMENT, "PROMPT must not be empty")),
    });
    await expect(studio.draft.generateUnary({ prompt: "a", seed: -1 })).rejects.toMatchObject({
      code: "request-invalid",
    });
    await expect(studio.draft.generateUnary({ prompt: "" })).rejects.toMatchObject({
      code: "request-invalid",
      message: expect.stringContaining("PROMPT must not be empty") as string,
    });
  });
});
