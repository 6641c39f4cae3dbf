import { status as Status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { TriptychError } from "../../errors/index.ts";
import { connect } from "../connect.ts";
import type { FakeHandlers } from "../testing/fake-triton.ts";
import { failure } from "../testing/fake-triton.ts";
import { responseOf } from "../testing/messages.ts";
import { CONTEXT, studioUsing } from "../testing/middleware.ts";
import { playClip } from "../testing/toy-server.ts";
import { bearerToken, type Token } from "./bearer-token.ts";

/** A server that takes only the tokens of a set, and notes what it was sent. */
function guarded(good: Set<string>, seen: string[]): FakeHandlers {
  const admit = (header: string): void => {
    seen.push(header);
    if (!good.has(header)) throw failure(Status.UNAUTHENTICATED, "who are you?");
  };
  return {
    ModelInfer: (request, call) => {
      admit(String(call.metadata.get("authorization")[0]));
      return responseOf(request, { CONTEXT });
    },
    ModelStreamInfer: (stream) => {
      const header = stream.header("authorization") ?? "";
      seen.push(header);
      if (good.has(header)) playClip(stream);
      else stream.fail(Status.UNAUTHENTICATED, "who are you?");
    },
  };
}

describe("bearerToken", () => {
  it("asks once for many calls, and sends the token with each", async () => {
    let asked = 0;
    const seen: string[] = [];
    const source = async (): Promise<string> => {
      await Promise.resolve();
      asked += 1;
      return "one";
    };
    const { infer, draft } = await studioUsing([bearerToken(source)], guarded(new Set(["Bearer one"]), seen));
    await Promise.all([infer(), infer(), draft().result]);
    expect(seen).toEqual(["Bearer one", "Bearer one", "Bearer one"]);
    expect(asked).toBe(1);
  });

  it("asks again before a token ends", async () => {
    const tokens: Token[] = [
      { token: "old", expiresAtMs: Date.now() + 30_000 },
      { token: "new", expiresAtMs: Date.now() + 3_600_000 },
    ];
    let asked = 0;
    const { infer } = await studioUsing([bearerToken(() => tokens[Math.min(asked++, 1)] ?? "none")]);
    await infer();
    await infer();
    expect(asked).toBe(2);
  });

  it("asks once more for a call that is refused, unary or stream, and then gives in", async () => {
    let asked = 0;
    const seen: string[] = [];
    const good = new Set(["Bearer 2"]);
    const { infer, draft } = await studioUsing([bearerToken(() => String(++asked))], guarded(good, seen));
    await infer();
    expect(seen.splice(0)).toEqual(["Bearer 1", "Bearer 2"]);
    good.delete("Bearer 2");
    good.add("Bearer 3");
    await draft().result;
    expect(seen.splice(0)).toEqual(["Bearer 2", "Bearer 3"]);
    good.clear();
    await expect(infer()).rejects.toMatchObject({ code: "access-denied", details: { grpcStatus: 16 } });
    expect(seen).toEqual(["Bearer 3", "Bearer 4"]);
  });

  it("goes under another name, without the word before it", async () => {
    const seen: unknown[] = [];
    const { infer } = await studioUsing([bearerToken(() => "one", { header: "X-Key" })], {
      ModelInfer: (request, call) => {
        seen.push(...call.metadata.get("x-key"));
        return responseOf(request, { CONTEXT });
      },
    });
    await infer();
    expect(seen).toEqual(["one"]);
  });

  it("tells what went wrong while asking, and asks anew the next time", async () => {
    let turn = 0;
    const flaky = bearerToken(() => {
      turn += 1;
      if (turn === 1) throw new TypeError("fetch failed");
      return "one";
    });
    const refused = { code: "middleware-failed", message: "bearerToken: fetch failed" };
    await expect(studioUsing([flaky])).rejects.toMatchObject(refused);
    await (await studioUsing([flaky])).infer();
    const own = bearerToken(() => {
      throw new TriptychError("unreachable", "no vault");
    });
    await expect(studioUsing([own])).rejects.toMatchObject({ code: "unreachable", message: "no vault" });
  });

  it.each([{ token: "a b" }, {}, undefined, ""])("takes %j for no token", async (answer) => {
    await expect(studioUsing([bearerToken(() => answer as never)])).rejects.toMatchObject({
      code: "request-invalid",
      message: expect.stringContaining("token: expected a word without spaces") as string,
    });
  });

  describe("on the way to another machine", () => {
    // An address that is nobody's.
    const endpoints = ["127.0.0.1:8001", "192.0.2.1:8001"];
    let asked = 0;
    const source = (): string => {
      asked += 1;
      return "one";
    };

    it("is refused where the connection is plain, before anyone is asked", async () => {
      await expect(connect(endpoints, { use: [bearerToken(source)] })).rejects.toMatchObject({
        code: "request-invalid",
        message: "bearerToken: 192.0.2.1:8001 would get it unencrypted.",
        hint: expect.stringContaining("tls: {}") as string,
      });
      expect(asked).toBe(0);
    });

    it.each([
      ["is encrypted", { tls: {} }, {}],
      ["is allowed to be plain", {}, { allowPlain: true }],
    ])("goes where the connection %s", async (_, connection, options) => {
      const use = [bearerToken(source, options)];
      const attempt = connect(endpoints[1] ?? "", { ...connection, use, deadlineMs: 100 });
      await expect(attempt).rejects.toMatchObject({ code: "unreachable" });
    });
  });
});
