import { describe, expect, it } from "vitest";
import { tensor } from "../../tensor/index.ts";
import { progressOf } from "../testing/messages.ts";
import { studioFor } from "../testing/toy-server.ts";

const INPUTS = {
  PROMPT: tensor("BYTES", [1], ["a red circle"]),
  SEED: tensor("INT64", [1], BigInt64Array.of(7n)),
};

/** A server's first answer, after which it does nothing more. */
const oneStep = () =>
  studioFor({
    ModelStreamInfer: (stream) => {
      stream.send(progressOf("tokenizer", 1, 2, 5));
    },
  });

describe("await using", () => {
  it("ends a run at the server and waits for its end", async () => {
    const { server, studio } = await oneStep();
    let result: Promise<unknown>;
    {
      await using run = studio.draft.generate({ prompt: "a" });
      result = run.result;
      await expect.poll(() => server.streams.length).toBe(1);
      expect(server.streams[0]?.isCancelled).toBe(false);
    }
    await server.streams[0]?.cancelled;
    await expect(result).rejects.toMatchObject({ code: "cancelled" });
  });

  it("leaves a run alone that is over", async () => {
    const { server, studio } = await studioFor();
    const run = studio.draft.generate({ prompt: "a" });
    {
      await using held = run;
      await held.result;
    }
    expect((await run.result).video.length).toBeGreaterThan(0);
    expect(server.streams[0]?.isCancelled).toBe(false);
  });

  it.each(["stream", "streamMany"] as const)("ends a %s that nobody reads on", async (way) => {
    const { server, studio } = await oneStep();
    {
      await using answers =
        way === "stream"
          ? studio.models.draft_stream.stream(INPUTS)
          : studio.models.draft_stream.streamMany([{ inputs: INPUTS }]);
      const reading = answers[Symbol.asyncIterator]();
      expect((await reading.next()).done).toBe(false);
      expect(server.streams[0]?.isCancelled).toBe(false);
    }
    await server.streams[0]?.cancelled;
  });

  it.each(["stream", "streamMany"] as const)("ends a %s that somebody waits for", async (way) => {
    const { server, studio } = await studioFor({ ModelStreamInfer: () => undefined });
    let waiting: Promise<unknown>;
    {
      await using answers =
        way === "stream"
          ? studio.models.draft_stream.stream(INPUTS)
          : studio.models.draft_stream.streamMany([{ inputs: INPUTS }]);
      waiting = answers[Symbol.asyncIterator]().next();
      waiting.catch(() => undefined);
      await expect.poll(() => server.streams.length).toBe(1);
    }
    await expect(waiting).rejects.toMatchObject({ code: "cancelled" });
    await server.streams[0]?.cancelled;
  });

  it("lets a stream that was disposed of send nothing more", async () => {
    const { server, studio } = await oneStep();
    const answers = studio.models.draft_stream.stream(INPUTS);
    await answers[Symbol.asyncDispose]();
    await expect(answers[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "cancelled" });
    expect(server.requests).toEqual([]);
  });
});

describe("using", () => {
  it("ends a run and a stream at the server without waiting", async () => {
    const { server, studio } = await oneStep();
    {
      using run = studio.draft.generate({ prompt: "a" });
      using answers = studio.models.draft_stream.stream(INPUTS);
      const reading = answers[Symbol.asyncIterator]();
      await reading.next();
      await expect.poll(() => server.streams.length).toBe(2);
      expect(run.result).toBeInstanceOf(Promise);
    }
    await Promise.all(server.streams.map(({ cancelled }) => cancelled));
  });
});
