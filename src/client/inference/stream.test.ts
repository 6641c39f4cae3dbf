import { status as Status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { tensor } from "../../tensor/index.ts";
import { connect } from "../connect.ts";
import { toy } from "../testing/contract.ts";
import { clipOf, progressOf, responseOf } from "../testing/messages.ts";
import { startProxy } from "../testing/proxy.ts";
import { serve, studioFor } from "../testing/toy-server.ts";

const INPUTS = {
  PROMPT: tensor("BYTES", [1], ["a red circle"]),
  SEED: tensor("INT64", [1], BigInt64Array.of(7n)),
};

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe("stream", () => {
  it("asks for a marked end and for failures as a status", async () => {
    const { server, studio } = await studioFor();
    await collect(studio.models.draft_stream.stream(INPUTS, { outputs: ["STAGE"] }));
    expect(server.requests[0]).toMatchObject({
      model_name: "draft_stream",
      parameters: { triton_enable_empty_final_response: { bool_param: true } },
      outputs: [{ name: "STAGE" }],
    });
    expect(server.streams[0]?.header("triton_grpc_error")).toBeUndefined();
  });

  it("hands over what each answer carries and keeps an empty end mark to itself", async () => {
    const { studio } = await studioFor();
    const answers = await collect(studio.models.draft_stream.stream(INPUTS));
    expect(answers).toHaveLength(6);
    expect(answers.map(({ final }) => final)).not.toContain(true);
    expect(Object.keys(answers[0]?.outputs ?? {})).toEqual(["STAGE", "STEP", "STEPS", "ELAPSED_US"]);
    expect(answers[5]?.outputs.FRAMES?.shape).toEqual([2, 4, 4, 3]);
  });

  it("hands over a last answer that is data and end mark in one", async () => {
    const { studio } = await studioFor({
      ModelStreamInfer: (stream) => {
        stream.send(progressOf("tokenizer", 1, 1, 5));
        stream.send(clipOf(["VIDEO"]), { final: true });
        stream.send(progressOf("tokenizer", 1, 1, 6)); // not to be seen
        stream.end();
      },
    });
    const answers = await collect(studio.models.draft_stream.stream(INPUTS));
    expect(answers.map(({ final }) => final)).toEqual([false, true]);
  });

  it("fails where the server ends well without the mark of the last answer: there may have been more", async () => {
    const { studio } = await studioFor({
      ModelStreamInfer: (stream) => {
        stream.send(progressOf("tokenizer", 1, 1, 5));
        stream.end();
      },
    });
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const answer of studio.models.draft_stream.stream(INPUTS)) seen.push(answer);
    })();
    await expect(reading).rejects.toMatchObject({
      code: "response-invalid",
      message: expect.stringContaining("ended the stream before its last answer") as string,
    });
    expect(seen).toHaveLength(1);
  });

  it("does not wait for ever on a server that leaves a finished stream open", async () => {
    const { server, studio } = await studioFor({
      ModelStreamInfer: (stream) => {
        stream.respond(responseOf(stream.request, {}));
      },
    });
    expect(await collect(studio.models.draft_stream.stream(INPUTS))).toEqual([]);
    await server.streams[0]?.cancelled;
  });

  it("leaves it to the server to close a finished stream", async () => {
    const { server, studio } = await studioFor({
      ModelStreamInfer: (stream) => {
        stream.respond(responseOf(stream.request, {}));
        setTimeout(() => {
          stream.end();
        }, 100);
      },
    });
    await collect(studio.models.draft_stream.stream(INPUTS));
    expect(server.streams[0]?.isCancelled).toBe(false);
  });

  it("sends nothing before it is iterated, and sends anew each time", async () => {
    const { server, studio } = await studioFor();
    const answers = studio.models.draft_stream.stream(INPUTS);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(server.requests).toEqual([]);
    await collect(answers);
    await collect(answers);
    expect(server.requests).toHaveLength(2);
  });

  it("refuses a wrong request before sending", async () => {
    const { server, studio } = await studioFor();
    const wrong = { ...INPUTS, SEED: tensor("FP32", [1], Float32Array.of(1)) };
    await expect(collect(studio.models.draft_stream.stream(wrong as never))).rejects.toMatchObject({
      code: "request-invalid",
    });
    expect(server.requests).toEqual([]);
  });

  it("makes a server wait for a slow reader rather than hold whatever it sends", async () => {
    let sent = 0;
    const { server, studio } = await studioFor({
      ModelStreamInfer: async (stream) => {
        const large = { VIDEO: tensor("BYTES", [1], [new Uint8Array(1 << 20)]) };
        while (sent < 200 && !stream.isCancelled) {
          sent += 1;
          if (!stream.send(large)) await stream.drained();
        }
      },
    });
    for await (const { outputs } of studio.models.draft_stream.stream(INPUTS)) {
      expect(outputs.VIDEO).toBeDefined();
      await expect.poll(() => sent, { timeout: 15_000 }).toBeGreaterThan(16);
      await new Promise((resolve) => setTimeout(resolve, 1000));
      break;
    }
    await server.streams[0]?.cancelled;
    expect(sent).toBeLessThan(100);
  });
});

describe("a stream that ends badly", () => {
  it("tells the server when the loop is left", async () => {
    const { server, studio } = await studioFor({
      ModelStreamInfer: (stream) => {
        stream.send(progressOf("tokenizer", 1, 1, 5));
      },
    });
    for await (const { outputs } of studio.models.draft_stream.stream(INPUTS)) {
      expect(outputs.STAGE).toBeDefined();
      break;
    }
    await server.streams[0]?.cancelled;
  });

  it("tells the server when the loop throws", async () => {
    const { server, studio } = await studioFor({
      ModelStreamInfer: (stream) => {
        stream.send(progressOf("tokenizer", 1, 1, 5));
      },
    });
    const looping = async (): Promise<void> => {
      for await (const { final } of studio.models.draft_stream.stream(INPUTS)) {
        if (!final) throw new RangeError("mine");
      }
    };
    await expect(looping()).rejects.toThrow("mine");
    await server.streams[0]?.cancelled;
  });

  it("shows the server's status", async () => {
    const { studio } = await studioFor({
      ModelStreamInfer: (stream) => {
        stream.fail(Status.UNAVAILABLE, "Exceeds maximum queue size");
      },
    });
    await expect(collect(studio.models.draft_stream.stream(INPUTS))).rejects.toMatchObject({
      code: "overloaded",
      details: { model: "draft_stream", grpcStatus: 14 },
    });
  });

  it("shows a failure that comes as text, and lets go of the stream", async () => {
    const { server, studio } = await studioFor({
      ModelStreamInfer: (stream) => {
        stream.complain("CUDA out of \u001B[5mmemory");
      },
    });
    await expect(collect(studio.models.draft_stream.stream(INPUTS))).rejects.toMatchObject({
      code: "inference-failed",
      message: expect.stringContaining("CUDA out of memory") as string,
    });
    await server.streams[0]?.cancelled;
  });

  it("refuses an answer with a tensor of the wrong length, and lets go of the stream", async () => {
    const { server, studio } = await studioFor({
      ModelStreamInfer: (stream) => {
        const response = responseOf(stream.request, progressOf("tokenizer", 1, 1, 5), false);
        stream.respond({
          ...response,
          raw_output_contents: response.raw_output_contents.map(() => new Uint8Array(3)),
        });
      },
    });
    await expect(collect(studio.models.draft_stream.stream(INPUTS))).rejects.toMatchObject({
      code: "response-invalid",
    });
    await server.streams[0]?.cancelled;
  });

  it("ends at its deadline", async () => {
    const { server, studio } = await studioFor({ ModelStreamInfer: () => undefined });
    const answers = studio.models.draft_stream.stream(INPUTS, { deadlineMs: 100 });
    await expect(collect(answers)).rejects.toMatchObject({ code: "deadline-exceeded" });
    await server.streams[0]?.cancelled;
  });

  it("ends when the signal aborts, without handing over what had still arrived", async () => {
    const controller = new AbortController();
    const { server, studio } = await studioFor({
      ModelStreamInfer: (stream) => {
        for (let step = 1; step <= 5; step += 1) stream.send(progressOf("tokenizer", step, 5, step));
      },
    });
    let seen = 0;
    const looping = async (): Promise<void> => {
      for await (const { outputs } of studio.models.draft_stream.stream(INPUTS, {
        signal: controller.signal,
      })) {
        seen += outputs.STEP?.data.length ?? 0;
        await new Promise((resolve) => setTimeout(resolve, 50));
        controller.abort("enough");
      }
    };
    await expect(looping()).rejects.toMatchObject({ code: "cancelled", cause: "enough" });
    expect(seen).toBe(1);
    await server.streams[0]?.cancelled;
  });

  it("fails at once when the server's process goes", async () => {
    const { server, studio } = await studioFor({
      ModelStreamInfer: (stream) => {
        stream.send(progressOf("tokenizer", 1, 1, 5));
        setTimeout(() => {
          server.kill();
        }, 20);
      },
    });
    const started = performance.now();
    await expect(collect(studio.models.draft_stream.stream(INPUTS))).rejects.toMatchObject({
      code: "unreachable",
    });
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it("fails at once when the connection is cut", async () => {
    const server = await serve({
      ModelStreamInfer: (stream) => {
        stream.send(progressOf("tokenizer", 1, 1, 5));
        setTimeout(() => {
          proxy.cut();
        }, 20);
      },
    });
    const proxy = await startProxy(server.port);
    await using studio = await connect(proxy.endpoint, { contract: toy });
    await expect(collect(studio.models.draft_stream.stream(INPUTS))).rejects.toMatchObject({
      code: "unreachable",
      details: { endpoint: proxy.endpoint, model: "draft_stream" },
    });
  });
});
