import { getEventListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { status as Status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { clipOf, firstOf, progressOf } from "../testing/messages.ts";
import { studioUsing } from "../testing/middleware.ts";
import { playClip } from "../testing/toy-server.ts";
import type { Middleware } from "./middleware.ts";

/** Waits for ever, but for the signal where it is told to look at it. */
const stuck = (): Promise<never> => new Promise(() => undefined);

describe("a middleware that holds a call up", () => {
  it.each(["unary", "stream"] as const)("does not outlive its deadline: %s", async (kind) => {
    let isStuck = false;
    const { infer, studio, server } = await studioUsing([
      {
        unary: (_, next) => (isStuck ? stuck() : next()),
        async *stream(_, next) {
          await stuck();
          yield* next();
        },
      },
    ]);
    isStuck = true;
    const call =
      kind === "unary"
        ? infer({ deadlineMs: 50 })
        : studio.draft.generate({ prompt: "a" }, { deadlineMs: 50 }).result;
    await expect(call).rejects.toMatchObject({ code: "deadline-exceeded" });
    expect(server.requests).toEqual([]);
  });

  it("leaves the call what is left of its time", async () => {
    const left: number[] = [];
    const { studio } = await studioUsing(
      [
        {
          async *stream(_, next) {
            await sleep(200);
            yield* next();
          },
        },
      ],
      {
        ModelStreamInfer: (stream) => {
          left.push(stream.msLeft);
          playClip(stream);
        },
      },
    );
    await studio.draft.generate({ prompt: "a" }, { deadlineMs: 60_000 }).result;
    expect(left[0]).toBeLessThan(60_000 - 190);
  });

  it("is told, and lets go, when the caller gives up or the studio is closed", async () => {
    const signals: AbortSignal[] = [];
    const { infer, draft, studio } = await studioUsing([
      {
        unary: (call, next) => {
          if (call.rpc !== "ModelInfer") return next();
          signals.push(call.signal);
          return stuck();
        },
        async *stream(call, next) {
          signals.push(call.signal);
          await stuck();
          yield* next();
        },
      },
    ]);
    const controller = new AbortController();
    const aborted = infer({ signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(aborted).rejects.toMatchObject({ code: "cancelled", cause: { message: "enough" } });
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    const run = draft();
    run.cancel();
    await expect(run.result).rejects.toMatchObject({ code: "cancelled" });
    const both = [infer(), draft().result];
    await studio.close();
    for (const call of both) await expect(call).rejects.toMatchObject({ code: "cancelled" });
    expect(signals.map(({ aborted: isAborted }) => isAborted)).toEqual([true, true, true, true]);
  });
});

describe("a stream through middlewares", () => {
  it("is cancelled at the server when its loop is left, and every middleware gets to clean up", async () => {
    const notes: string[] = [];
    const tidy = (name: string): Middleware => ({
      async *stream(_, next) {
        try {
          yield* next();
        } finally {
          notes.push(name);
        }
      },
    });
    const { draft, server } = await studioUsing([tidy("a"), tidy("b")], {
      ModelStreamInfer: (stream) => {
        stream.send(progressOf("tokenizer", 1, 1, 1));
      },
    });
    const run = draft();
    await firstOf(run);
    await expect(run.result).rejects.toMatchObject({ code: "cancelled" });
    await server.streams[0]?.cancelled;
    expect(notes).toEqual(["b", "a"]);
  });

  it("may be opened anew as long as nobody has seen an answer", async () => {
    const { draft, server } = await studioUsing(
      [
        {
          async *stream(_, next) {
            try {
              yield* next();
            } catch {
              yield* next();
            }
          },
        },
      ],
      {
        ModelStreamInfer: (stream) => {
          if (server.streams.length === 1) stream.fail(Status.UNAVAILABLE, "Server not ready");
          else playClip(stream);
        },
      },
    );
    expect((await draft().result).video).toEqual(clipOf(["VIDEO"])["VIDEO"]?.data[0]);
    expect(server.streams).toHaveLength(2);
  });
});
