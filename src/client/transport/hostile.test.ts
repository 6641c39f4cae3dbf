import { createServer } from "node:net";
import { inspect } from "node:util";
import { gzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { isTriptychError, type TriptychError } from "../../errors/index.ts";
import { tensor } from "../../tensor/index.ts";
import { connect, type OpenOptions } from "../connect.ts";
import type { UnaryRpcs } from "../protocol/messages.ts";
import { services } from "../protocol/service.ts";
import type { Studio } from "../studio.ts";
import { toy } from "../testing/contract.ts";
import { dice, frame, type Misbehaviour, reply, serveBytes } from "../testing/hostile-server.ts";
import { metadataOf, progressOf, responseOf } from "../testing/messages.ts";

const ROUNDS = 400;
const MEBIBYTE = 1024 * 1024;
const IDS = { TOKEN_IDS: tensor("INT64", [2, 3], new BigInt64Array(6)) };

const request = {
  model_name: "text_encoder",
  id: "a",
  parameters: {},
  inputs: [],
  outputs: [],
  raw_input_contents: [],
};
const ANSWER = responseOf(request, {
  CONTEXT: tensor("FP32", [2, 3], new Float32Array(6)),
  POOLED: tensor("FP16", [2], Float32Array.of(1, 2)),
});

/** A message as a server writes it. */
function bytesOf(rpc: keyof UnaryRpcs | "ModelStreamInfer", message: object): Buffer {
  const definition = services().inference[rpc] as { responseSerialize(value: object): Buffer };
  return definition.responseSerialize(message);
}

const HONEST: Readonly<Record<string, Buffer>> = {
  ServerReady: bytesOf("ServerReady", { ready: true }),
  ServerMetadata: bytesOf("ServerMetadata", { name: "triton", version: "2.51", extensions: ["a", "b"] }),
  ModelMetadata: bytesOf("ModelMetadata", metadataOf(toy, "text_encoder") ?? {}),
  ModelStatistics: bytesOf("ModelStatistics", {
    model_stats: [
      {
        name: "a",
        version: "1",
        last_inference: "7",
        inference_count: "9",
        inference_stats: { fail: { count: "1", ns: "2" } },
      },
    ],
  }),
  RepositoryIndex: bytesOf("RepositoryIndex", {
    models: [{ name: "a", version: "1", state: "READY", reason: "" }],
  }),
  ModelInfer: bytesOf("ModelInfer", ANSWER),
  ModelStreamInfer: bytesOf("ModelStreamInfer", { error_message: "", infer_response: ANSWER }),
};

/** A client of a server that is ready, and misbehaves in everything else. */
async function victim(misbehave: Misbehaviour, options: OpenOptions = {}): Promise<Studio<typeof toy>> {
  const endpoint = await serveBytes((stream, rpc) => {
    if (rpc === "ServerReady") reply(stream, [frame(HONEST["ServerReady"] ?? Buffer.alloc(0))]);
    else misbehave(stream, rpc);
  });
  const studio = await connect(endpoint, {
    contract: toy,
    skipContractCheck: true,
    retry: false,
    ...options,
  });
  onTestFinished(() => studio.close());
  return studio;
}

async function errorOf(call: Promise<unknown>): Promise<TriptychError | undefined> {
  try {
    await call;
    return undefined;
  } catch (reason) {
    if (isTriptychError(reason)) return reason;
    throw reason;
  }
}

const infer = (studio: Studio<typeof toy>) => studio.models.text_encoder.infer(IDS, { deadlineMs: 20_000 });

describe("random bytes in place of an answer", () => {
  const random = dice(20_240);
  const below = (limit: number): number => Math.floor(random() * limit);

  /** An honest message with some bytes changed, cut off or put in, or nothing but noise. */
  const spoilt = (honest: Buffer): Buffer => {
    if (random() < 0.2) return Buffer.from(Array.from({ length: below(200) }, () => below(256)));
    const bytes = Buffer.from(honest);
    for (let change = below(4); change >= 0; change -= 1) bytes[below(bytes.length)] = below(256);
    if (random() < 0.3) return bytes.subarray(0, below(bytes.length));
    return random() < 0.3 ? Buffer.concat([bytes.subarray(0, below(bytes.length)), bytes]) : bytes;
  };

  it(`are an answer or an error of a kind that is known, ${ROUNDS} times, whatever was asked`, async () => {
    const studio = await victim((stream, rpc) => {
      reply(stream, [frame(spoilt(HONEST[rpc] ?? Buffer.alloc(20)))]);
    });
    const { server, draft } = studio;
    const asks = [
      () => infer(studio),
      () => draft.generateUnary({ prompt: "a" }),
      () => draft.generate({ prompt: "a" }, { deadlineMs: 20_000 }).result,
      () => server.metadata(),
      () => server.statistics(),
      () => server.repositoryIndex(),
      () => studio.model("text_encoder").infer(IDS),
    ];
    const codes = new Map<string, number>();
    for (let round = 0; round < ROUNDS; round += 1) {
      const error = await errorOf((asks[round % asks.length] ?? (() => infer(studio)))());
      const code = error?.code ?? "answered";
      codes.set(code, (codes.get(code) ?? 0) + 1);
      expect(code, inspect(error)).not.toBe("internal");
      expect(error?.message ?? "").not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
    }
    expect(codes.get("response-invalid")).toBeGreaterThan(ROUNDS / 4);
    expect(Object.keys(Object.prototype)).toEqual([]);
  }, 120_000);

  it("where HTTP/2 should be are unreachable", async () => {
    const noise = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.write(Buffer.from(Array.from({ length: 3000 }, () => below(256))));
    });
    onTestFinished(() => void noise.close());
    await new Promise<void>((resolve) => {
      noise.listen(0, "127.0.0.1", resolve);
    });
    const { port } = noise.address() as { port: number };
    expect(await errorOf(connect(`127.0.0.1:${port}`, { deadlineMs: 3000 }))).toMatchObject({
      code: "unreachable",
    });
  });
});

describe("a hostile server", () => {
  it("cannot announce more than it may send", async () => {
    const studio = await victim((stream) => {
      reply(stream, [frame(Buffer.alloc(100), { length: 0xffff_ffff })]);
    });
    expect(await errorOf(infer(studio))).toMatchObject({ code: "response-too-large" });
  });

  it("cannot make memory grow by announcing what it does not send", async () => {
    const studio = await victim((stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" });
      stream.write(frame(Buffer.alloc(100), { length: 2 ** 31 - 1 }));
    });
    const before = process.memoryUsage();
    const calls = Array.from({ length: 20 }, () =>
      studio.models.text_encoder.infer(IDS, { deadlineMs: 300 }),
    );
    const errors = await Promise.all(calls.map(errorOf));
    expect(new Set(errors.map((error) => error?.code))).toEqual(new Set(["deadline-exceeded"]));
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(50 * MEBIBYTE);
  });

  it("cannot blow up a small message to more than the limit", async () => {
    const member = gzipSync(Buffer.alloc(MEBIBYTE));
    const bomb = Buffer.concat(Array.from({ length: 300 }, () => member));
    const studio = await victim(
      (stream) => {
        reply(
          stream,
          [frame(bomb, { compressed: true })],
          { "grpc-status": "0" },
          { "grpc-encoding": "gzip" },
        );
      },
      { maxResponseBytes: 8 * MEBIBYTE },
    );
    const before = process.resourceUsage().maxRSS;
    expect(await errorOf(infer(studio))).toMatchObject({ code: "response-too-large" });
    expect(process.resourceUsage().maxRSS - before).toBeLessThan((150 * MEBIBYTE) / 1024);
  });

  it("cannot pass off bytes that are not compressed, or an encoding that nobody knows", async () => {
    for (const encoding of ["gzip", "deflate", "identity", "made-up"]) {
      const studio = await victim((stream) => {
        const bytes = [frame(Buffer.from("not compressed"), { compressed: true })];
        reply(stream, bytes, { "grpc-status": "0" }, { "grpc-encoding": encoding });
      });
      const error = await errorOf(infer(studio));
      expect(["response-invalid", "request-invalid"], inspect(error)).toContain(error?.code);
    }
  });

  it("cannot steer a terminal, whichever way its words come", async () => {
    const words = "\u001B[2J\u001B]0;owned\u0007\u202Elie\r\nfake: line";
    const escaped = encodeURIComponent(words);
    const ways: Misbehaviour[] = [
      (stream) => {
        reply(stream, [], { "grpc-status": "13", "grpc-message": escaped });
      },
      (stream, rpc) => {
        if (rpc === "ModelStreamInfer") {
          reply(stream, [frame(bytesOf("ModelStreamInfer", { error_message: words, infer_response: null }))]);
        } else {
          const outputs = [{ name: words, datatype: words, shape: [] }];
          reply(stream, [
            frame(bytesOf("ModelInfer", { ...ANSWER, outputs, raw_output_contents: [Buffer.alloc(0)] })),
          ]);
        }
      },
      (stream) => {
        reply(stream, [], { "grpc-status": "14", "grpc-message": escaped.repeat(200) });
      },
    ];
    for (const way of ways) {
      const studio = await victim(way);
      for (const error of [
        await errorOf(infer(studio)),
        await errorOf(studio.draft.generate({ prompt: "a" }).result),
      ]) {
        expect(error).toBeDefined();
        expect(inspect(error)).not.toMatch(/[\p{Bidi_Control}]|(?!\n)\p{Cc}/u);
        expect(error?.message.length).toBeLessThan(2500);
      }
    }
  });

  it("cannot hide a wrong status, or leave one out", async () => {
    for (const trailers of [{ "grpc-status": "99" }, { "grpc-status": "abc" }, { "x-nothing": "1" }]) {
      const studio = await victim((stream) => {
        reply(stream, [], trailers);
      });
      const error = await errorOf(infer(studio));
      expect(error, JSON.stringify(trailers)).toBeDefined();
      expect(error?.code).not.toBe("internal");
    }
  });

  it("cannot keep a clip going for ever by telling of steps", async () => {
    const step = {
      ...responseOf(request, progressOf("tokenizer", 1, 1, 1), false),
      model_name: "draft_stream",
    };
    const bytes = frame(bytesOf("ModelStreamInfer", { error_message: "", infer_response: step }));
    const studio = await victim((stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" });
      const timer = setInterval(() => {
        if (stream.destroyed) clearInterval(timer);
        else stream.write(Buffer.concat(Array.from({ length: 50 }, () => bytes)));
      }, 1);
      stream.once("close", () => {
        clearInterval(timer);
      });
    });
    const run = studio.draft.generate({ prompt: "a" }, { deadlineMs: 700 });
    expect(await errorOf(run.result)).toMatchObject({ code: "deadline-exceeded" });
    let waiting = 0;
    const counted = (async () => {
      for await (const event of run) waiting += event.step;
    })();
    await errorOf(counted);
    expect(waiting).toBeLessThanOrEqual(256);
  });
});
