import { status as Status } from "@grpc/grpc-js";
import { describe, expect, it, onTestFinished } from "vitest";
import { tensor } from "../../tensor/index.ts";
import { connect } from "../connect.ts";
import { toy } from "../testing/contract.ts";
import type { FakeStream } from "../testing/fake-stream.ts";
import { progressOf, responseOf } from "../testing/messages.ts";
import { serve, studioFor } from "../testing/toy-server.ts";

type Request = FakeStream["request"];

/** A request for the streaming door; its seed tells it from the others. */
const request = (seed: number) => ({
  inputs: {
    PROMPT: tensor("BYTES", [1], ["a"]),
    SEED: tensor("INT64", [1], BigInt64Array.of(BigInt(seed))),
  },
});
const seedOf = ({ raw_input_contents: raw }: Request): number => raw[1]?.[0] ?? -1;
const OUTPUTS = { outputs: ["STEP"] } as const;

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** As many steps as the request's seed says, and then a mark without outputs. */
function steps(stream: FakeStream, wanted: Request): void {
  for (let step = 1; step <= seedOf(wanted); step += 1) {
    const { STEP } = progressOf("low_noise", step, 9, 1);
    if (STEP !== undefined) stream.send({ STEP }, { request: wanted });
  }
  stream.respond(responseOf(wanted, {}));
}

describe("streamMany", () => {
  it.each([1, 4])(
    "tells which requests had no end where the server ends the stream well, %d at a time",
    async (most) => {
      const { studio } = await studioFor({
        EachStreamRequest: (stream, wanted) => {
          if (seedOf(wanted) === 3) return; // what comes after the end is not answered
          steps(stream, wanted);
          if (seedOf(wanted) === 1) stream.end();
        },
      });
      const requests = [request(2), request(1), request(3)];
      const entries = await collect(
        studio.models.draft_stream.streamMany(requests, { ...OUTPUTS, maxInFlight: most }),
      );
      const ends = entries.filter(({ last }) => last).sort((a, b) => a.index - b.index);
      expect(ends.map(({ index, error }) => [index, error?.code])).toEqual([
        [0, undefined],
        [1, undefined],
        [2, "response-invalid"],
      ]);
    },
  );

  it("sends all requests on one stream, and tells whose each answer is", async () => {
    const { server, studio } = await studioFor({ EachStreamRequest: steps });
    const entries = await collect(
      studio.models.draft_stream.streamMany([request(2), request(0), request(1)], OUTPUTS),
    );
    expect(server.streams).toHaveLength(1);
    expect(server.requests.map(seedOf)).toEqual([2, 0, 1]);
    expect(new Set(server.requests.map(({ id }) => id)).size).toBe(3);
    const seen = [0, 1, 2].map((at) =>
      entries
        .filter(({ index }) => index === at)
        .map(({ answer, last }) => [answer?.outputs.STEP?.data[0], last]),
    );
    expect(seen).toEqual([
      [
        [1, false],
        [2, false],
        [undefined, true],
      ],
      [[undefined, true]],
      [
        [1, false],
        [undefined, true],
      ],
    ]);
  });

  it("goes on with the others where one fails, at either end", async () => {
    const { studio } = await studioFor({
      EachStreamRequest: (stream, wanted) => {
        if (seedOf(wanted) === 1) stream.complain("no room for you", wanted);
        else steps(stream, wanted);
      },
    });
    const wrong = {
      inputs: { ...request(2).inputs, SEED: tensor("INT64", [1, 1] as never, BigInt64Array.of(2n)) },
    };
    const entries = await collect(
      studio.models.draft_stream.streamMany([request(1), wrong, request(3)], OUTPUTS),
    );
    const failures = entries.filter(({ error }) => error !== undefined);
    expect(failures.map(({ index, error, last }) => [index, error?.code, last]).sort()).toEqual([
      [0, "inference-failed", true],
      [1, "request-invalid", true],
    ]);
    expect(failures.find(({ index }) => index === 0)?.error?.message).toMatch(/no room for you$/);
    expect(entries.filter(({ index }) => index === 2)).toHaveLength(4);
  });

  it("has only so many under way at a time, and asks for the next when there is room", async () => {
    let [open, most, asked] = [0, 0, 0];
    const { studio } = await studioFor({
      EachStreamRequest: (stream, wanted) => {
        open += 1;
        most = Math.max(most, open);
        setTimeout(() => {
          open -= 1;
          steps(stream, wanted);
        }, 5);
      },
    });
    async function* requests() {
      for (asked = 0; asked < 20; asked += 1) yield await Promise.resolve(request(1));
    }
    const entries = studio.models.draft_stream.streamMany(requests(), { ...OUTPUTS, maxInFlight: 3 });
    for await (const { index } of entries) expect(asked - index).toBeLessThan(8);
    expect(most).toBe(3);
    expect(asked).toBe(20);
  });

  it("holds the server up where the reader is slow", async () => {
    let sent = 0;
    const { server, studio } = await studioFor({
      EachStreamRequest: async (stream, wanted) => {
        const LATENT = tensor("FP32", [2, 1, 2, 2], new Float32Array(8));
        const large = { ...responseOf(wanted, { LATENT }, false), model_version: "x".repeat(2 ** 20) };
        for (sent = 0; sent < 200 && !stream.isCancelled; sent += 1)
          if (!stream.respond(large)) await stream.drained();
      },
    });
    const entries = studio.models.draft_stream.streamMany([request(1), request(2)], { outputs: ["LATENT"] });
    for await (const { answer } of entries) {
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect(answer?.final).toBe(false);
      break;
    }
    expect(sent).toBeLessThan(100);
    await server.streams[0]?.cancelled;
  });

  it("cancels at the server when the loop is left", async () => {
    let left = false;
    const { server, studio } = await studioFor({
      EachStreamRequest: (stream, wanted) => {
        stream.send(progressOf("low_noise", 1, 9, 1), { request: wanted });
      },
    });
    async function* requests() {
      try {
        yield await Promise.resolve(request(1));
        yield request(2);
        yield request(3);
      } finally {
        left = true;
      }
    }
    for await (const { index } of studio.models.draft_stream.streamMany(requests(), { maxInFlight: 2 }))
      if (index >= 0) break;
    await server.streams[0]?.cancelled;
    expect(left).toBe(true);
    expect(studio.endpoints()[0]?.inFlight).toBe(0);
  });

  it("is cancelled by its signal, with what waits", async () => {
    const { server, studio } = await studioFor({ EachStreamRequest: () => undefined });
    const controller = new AbortController();
    const { signal } = controller;
    const entries = collect(studio.models.draft_stream.streamMany([request(1), request(2)], { signal }));
    setTimeout(() => {
      controller.abort("enough");
    }, 50);
    await expect(entries).rejects.toMatchObject({ code: "cancelled", cause: "enough" });
    await server.streams[0]?.cancelled;
    const late = collect(studio.models.draft_stream.streamMany([request(1)], { signal }));
    await expect(late).rejects.toMatchObject({ code: "cancelled" });
    expect(server.requests).toHaveLength(2);
  });

  it("gives each request its own time", async () => {
    const { studio } = await studioFor({
      EachStreamRequest: (stream, wanted) => {
        if (seedOf(wanted) !== 1)
          setTimeout(() => {
            steps(stream, wanted);
          }, 150);
      },
    });
    const entries = await collect(
      studio.models.draft_stream.streamMany([request(1), request(2)], {
        ...OUTPUTS,
        deadlineMs: 100,
        maxInFlight: 1,
      }),
    );
    expect(entries.map(({ index, error }) => [index, error?.code])).toEqual([
      [0, "deadline-exceeded"],
      [1, "deadline-exceeded"],
    ]);
    const more = { ...OUTPUTS, deadlineMs: 5000 };
    expect(await collect(studio.models.draft_stream.streamMany([request(2)], more))).toHaveLength(3);
  });

  it("throws what the source of the requests throws", async () => {
    const { server, studio } = await studioFor({ EachStreamRequest: () => undefined });
    async function* requests() {
      yield await Promise.resolve(request(1));
      throw new RangeError("the file is broken");
    }
    const entries = collect(studio.models.draft_stream.streamMany(requests()));
    await expect(entries).rejects.toThrow(new RangeError("the file is broken"));
    await server.streams[0]?.cancelled;
  });

  it("tells every request under way that the stream broke, and opens another for those after", async () => {
    let turn = 0;
    const { server, studio } = await studioFor({
      EachStreamRequest: (stream, wanted) => {
        turn += 1;
        if (turn === 2) stream.fail(Status.INTERNAL, "out of luck");
        if (turn > 2) steps(stream, wanted);
      },
    });
    const requests = [request(1), request(2), request(3), request(4)];
    const entries = await collect(
      studio.models.draft_stream.streamMany(requests, { ...OUTPUTS, maxInFlight: 2 }),
    );
    const failed = entries.flatMap(({ index, error }) => (error === undefined ? [] : [[index, error.code]]));
    expect(failed).toEqual([
      [0, "inference-failed"],
      [1, "inference-failed"],
    ]);
    expect(entries.filter(({ last }) => last)).toHaveLength(4);
    expect(server.streams).toHaveLength(2);
  });

  it("uses the caller's ids where they are free, and gives them back", async () => {
    const { server, studio } = await studioFor({
      EachStreamRequest: (stream, wanted) => {
        setTimeout(() => {
          steps(stream, wanted);
        }, 20);
      },
    });
    const named = { ...request(1), requestId: "mine" };
    const entries = await collect(studio.models.draft_stream.streamMany([named, named], OUTPUTS));
    expect(server.requests.map(({ id }) => id)).toEqual(["mine", "mine#1"]);
    expect(entries.flatMap(({ answer }) => answer?.requestId ?? [])).toEqual(["mine", "mine"]);
  });

  it.each([0, 1.5, Number.NaN])("refuses %s at a time", async (maxInFlight) => {
    const { studio } = await studioFor();
    const entries = collect(studio.models.draft_stream.streamMany([request(1)], { maxInFlight }));
    await expect(entries).rejects.toMatchObject({ code: "request-invalid" });
  });

  it("counts each request by itself", async () => {
    const { studio } = await studioFor({ EachStreamRequest: steps });
    await collect(studio.models.draft_stream.streamMany([request(1), request(0), request(2)], OUTPUTS));
    const counted = studio.metrics().calls.find(({ rpc }) => rpc === "ModelStreamInfer");
    expect(counted).toMatchObject({ inFlight: 0, outcomes: { ok: 3 }, answers: 6 });
    expect(counted?.requestBytes.count).toBe(3);
  });
});

describe("many requests to several servers", () => {
  it("have a stream to each", async () => {
    const servers = [await serve({ EachStreamRequest: steps }), await serve({ EachStreamRequest: steps })];
    const studio = await connect(
      servers.map(({ endpoint }) => endpoint),
      { contract: toy },
    );
    onTestFinished(() => studio.close());
    const requests = Array.from({ length: 40 }, () => request(1));
    const entries = await collect(studio.models.draft_stream.streamMany(requests, OUTPUTS));
    expect(entries.filter(({ last }) => last)).toHaveLength(40);
    for (const { requests: got, streams } of servers) {
      expect(got.length).toBeGreaterThan(5);
      expect(streams).toHaveLength(1);
    }
  });
});
