import { status as Status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { TriptychError } from "../../errors/index.ts";
import { tensor } from "../../tensor/index.ts";
import { failure } from "../testing/fake-triton.ts";
import { responseOf } from "../testing/messages.ts";
import { CONTEXT, studioUsing } from "../testing/middleware.ts";
import type { Answer, Call, Middleware } from "./middleware.ts";

/** Notes what passes it; questions to the server are left out. */
function noting(name: string, notes: string[]): Middleware {
  return {
    name,
    unary: async (call, next) => {
      if (call.rpc !== "ModelInfer") return next();
      notes.push(`${name} sees the call`);
      try {
        const answer = await next();
        notes.push(`${name} sees the answer`);
        return answer;
      } catch (reason) {
        notes.push(`${name} sees ${(reason as TriptychError).code}`);
        throw reason;
      }
    },
    async *stream(_, next) {
      notes.push(`${name} begins`);
      let count = 0;
      for await (const answer of next()) {
        count += 1;
        yield answer;
      }
      notes.push(`${name} has seen ${count}`);
    },
  };
}

describe("middlewares", () => {
  it("are an onion: the first of the list sees a call first and its end last", async () => {
    const notes: string[] = [];
    const { infer, draft } = await studioUsing([noting("a", notes), noting("b", notes)]);
    await infer();
    expect(notes.splice(0)).toEqual([
      "a sees the call",
      "b sees the call",
      "b sees the answer",
      "a sees the answer",
    ]);
    await draft().result;
    expect(notes).toEqual(["a begins", "b begins", "b has seen 6", "a has seen 6"]);
  });

  it("see what a call is, but no content of a tensor", async () => {
    const calls: Call[] = [];
    const answers: Answer[] = [];
    const { infer, server } = await studioUsing([
      {
        unary: async (call, next) => {
          const answer = await next();
          if (call.model === "text_encoder" && call.rpc === "ModelInfer") {
            calls.push(call);
            answers.push(answer);
          }
          return answer;
        },
      },
    ]);
    await infer({ deadlineMs: 5000 });
    const [call] = calls;
    expect({ inputs: call?.inputs, wanted: call?.wanted, parameters: call?.parameters }).toEqual({
      inputs: [{ name: "TOKEN_IDS", datatype: "INT64", shape: [2, 1], bytes: 16 }],
      wanted: ["CONTEXT"],
      parameters: {},
    });
    expect(call).toMatchObject({
      rpc: "ModelInfer",
      endpoint: server.endpoint,
      requestId: "job-7",
      deadlineMs: 5000,
    });
    expect(answers).toEqual([
      {
        modelVersion: "1",
        outputs: [{ name: "CONTEXT", datatype: "FP32", shape: [2, 1], bytes: 8 }],
        final: true,
        timings: expect.objectContaining({ totalMs: expect.any(Number) as number }) as unknown,
      },
    ]);
  });

  it("add headers to both kinds of calls, those of connecting included", async () => {
    const seen: unknown[] = [];
    const header: Middleware = {
      unary: (call, next) => {
        call.headers.set("x-tenant", "blue");
        return next();
      },
      stream: (call, next) => {
        call.headers.set("x-tenant", "green");
        return next();
      },
    };
    const { infer, draft, server } = await studioUsing([header], {
      ServerReady: (_, call) => {
        seen.push(...call.metadata.get("x-tenant"));
        return { ready: true };
      },
      ModelInfer: (request, call) => {
        seen.push(...call.metadata.get("x-tenant"));
        return responseOf(request, { CONTEXT });
      },
    });
    await infer();
    await draft().result;
    expect(seen).toEqual(["blue", "blue"]);
    expect(server.streams[0]?.header("x-tenant")).toBe("green");
  });

  it("see every error, that of an answer that does not fit the contract too", async () => {
    const notes: string[] = [];
    const bad = tensor("FP32", [3, 1], new Float32Array(3));
    const { infer } = await studioUsing([noting("a", notes)], {
      ModelInfer: (request) => responseOf(request, { CONTEXT: bad }),
    });
    await expect(infer()).rejects.toMatchObject({ code: "response-invalid" });
    expect(notes).toEqual(["a sees the call", "a sees response-invalid"]);
  });

  it("may try again, and turn an error into another", async () => {
    let turn = 0;
    const again: Middleware = {
      unary: (call, next) => (call.rpc === "ModelInfer" ? next().catch(() => next()) : next()),
    };
    const other: Middleware = {
      unary: (call, next) =>
        next().catch((cause: unknown) => {
          if (call.rpc !== "ModelInfer") throw cause;
          throw new TriptychError("overloaded", "try later", { cause });
        }),
    };
    const { infer } = await studioUsing([other, again], {
      ModelInfer: (request) => {
        turn += 1;
        if (turn !== 2) throw failure(Status.INTERNAL, `boom ${turn}`);
        return responseOf(request, { CONTEXT });
      },
    });
    await infer();
    expect(turn).toBe(2);
    await expect(infer()).rejects.toMatchObject({ code: "overloaded", cause: { code: "inference-failed" } });
    expect(turn).toBe(4);
  });

  it("are named where they fail, or make up an answer", async () => {
    let way: "throw" | "invent" | "pass" = "pass";
    const invented: Answer = { modelVersion: "1", outputs: [], final: true, timings: undefined };
    const odd: Middleware = {
      name: "odd",
      unary: (_, next) => {
        if (way === "throw") throw new RangeError("no money left");
        return way === "invent" ? Promise.resolve(invented) : next();
      },
      async *stream() {
        yield await Promise.resolve(invented);
      },
    };
    const { infer, draft } = await studioUsing([odd]);
    way = "throw";
    await expect(infer()).rejects.toMatchObject({
      code: "middleware-failed",
      message: "odd: no money left",
      cause: expect.any(RangeError) as unknown,
    });
    way = "invent";
    await expect(infer()).rejects.toMatchObject({ code: "middleware-failed" });
    await expect(draft().result).rejects.toMatchObject({ code: "middleware-failed" });
  });
});
