import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { tensor } from "../../tensor/index.ts";
import { clipOf, progressOf, responseOf } from "../testing/messages.ts";
import { playClip, sendDone, studioFor } from "../testing/toy-server.ts";
import type { CallTimings } from "./timings.ts";

const IDS = tensor("INT64", [2, 1], new BigInt64Array(2));
const PAUSE_MS = 60;
/** A timer may be early by a part of a millisecond. */
const WAITED = PAUSE_MS - 5;

/** The parts of a call with one answer, which follow one another. */
const sum = ({ encodeMs, sendMs, waitMs, receiveMs, decodeMs }: CallTimings): number =>
  encodeMs + sendMs + waitMs + receiveMs + decodeMs;

/** A promise that is resolved from outside. */
function promise() {
  let resolve: () => void = () => undefined;
  const settled = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise: settled, resolve };
}

describe("the timings of a call", () => {
  it("put the server's time into the wait, and add up", async () => {
    const { studio } = await studioFor({
      ModelInfer: async (request) => {
        await sleep(PAUSE_MS);
        return responseOf(request, { CONTEXT: tensor("FP32", [2, 1], new Float32Array(2)) });
      },
    });
    const { timings } = await studio.models.text_encoder.infer({ TOKEN_IDS: IDS }, { outputs: ["CONTEXT"] });
    expect(timings.waitMs).toBeGreaterThan(WAITED);
    for (const ms of Object.values(timings)) expect(ms).toBeGreaterThanOrEqual(0);
    expect(timings.encodeMs).toBeGreaterThan(0);
    expect(timings.decodeMs).toBeGreaterThan(0);
    expect(sum(timings)).toBeCloseTo(timings.totalMs, 6);
    expect(timings.firstResponseMs).toBeCloseTo(timings.totalMs - timings.decodeMs, 6);
  });

  it("begin with the call itself, so that encoding is told from waiting", async () => {
    const big = tensor("INT64", [2, 2 ** 20], new BigInt64Array(2 ** 21));
    const { studio } = await studioFor({
      ModelInfer: (request) => responseOf(request, { CONTEXT: tensor("FP32", [2, 1], new Float32Array(2)) }),
    });
    const call = (TOKEN_IDS: typeof IDS | typeof big) =>
      studio.models.text_encoder.infer({ TOKEN_IDS }, { outputs: ["CONTEXT"] });
    await call(IDS);
    const small = await call(IDS);
    expect((await call(big)).timings.encodeMs).toBeGreaterThan(small.timings.encodeMs);
  });
});

describe("the timings of a clip", () => {
  it("have a row for every step, as its answer came", async () => {
    const seen = promise();
    const { studio } = await studioFor({
      ModelStreamInfer: async (stream) => {
        stream.send(progressOf("high_noise", 1, 2, 1_000));
        await seen.promise;
        await sleep(PAUSE_MS);
        stream.send(progressOf("high_noise", 2, 2, 2_000));
        sendDone(stream, true);
        stream.end();
      },
    });
    const run = studio.draft.generate({ prompt: "a", seed: 1 });
    await run[Symbol.asyncIterator]().next();
    seen.resolve();
    const { timings } = await run.result;
    expect(timings.steps.map(({ stage, step }) => [stage, step])).toEqual([
      ["high_noise", 1],
      ["high_noise", 2],
    ]);
    expect(timings.steps[0]?.ms).toBeCloseTo(timings.firstResponseMs, 6);
    expect(timings.steps[1]?.ms).toBeGreaterThan(WAITED);
    expect(timings.receiveMs).toBeGreaterThan(WAITED);
    expect(timings.totalMs).toBeGreaterThan(timings.firstResponseMs + timings.receiveMs);
  });

  it("do not count a slow reader as a slow server", async () => {
    const { studio } = await studioFor({
      ModelStreamInfer: (stream) => {
        playClip(stream);
      },
    });
    const inputs = { PROMPT: tensor("BYTES", [1], ["a"]), SEED: tensor("INT64", [1], BigInt64Array.of(1n)) };
    const begun = performance.now();
    let wereAllThere = 0;
    let last = { receiveMs: 0, totalMs: 0 };
    for await (const { timings } of studio.models.draft_stream.stream(inputs)) {
      last = timings;
      // The others come while the reader sleeps over the first.
      await sleep(wereAllThere === 0 ? 1000 : PAUSE_MS);
      if (wereAllThere === 0) wereAllThere = performance.now() - begun;
    }
    expect(last.receiveMs).toBeLessThan(wereAllThere);
    expect(last.totalMs).toBeGreaterThan(wereAllThere);
  });

  it("are there for the unary door too, without steps", async () => {
    const { studio } = await studioFor({
      ModelInfer: (request) => responseOf(request, clipOf(["VIDEO"])),
    });
    const { timings } = await studio.draft.generateUnary({ prompt: "a" });
    expect(timings.steps).toEqual([]);
    expect(sum(timings)).toBeCloseTo(timings.totalMs, 6);
  });
});
