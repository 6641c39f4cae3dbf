import { describe, expect, it, onTestFinished } from "vitest";
import { connect } from "../connect.ts";
import { toy } from "../testing/contract.ts";
import { serve } from "../testing/toy-server.ts";
import { CallHeaders, type HeaderOptions, type HeaderValues } from "./headers.ts";

/** A server that keeps the headers of every call to ServerLive and of every stream. */
async function listening(options: HeaderOptions) {
  const seen: Record<string, unknown>[] = [];
  const server = await serve({
    ServerLive: (_, call) => {
      seen.push(call.metadata.getMap());
      return { live: true };
    },
  });
  const studio = await connect(server.endpoint, { contract: toy, ...options });
  onTestFinished(() => studio.close());
  return { seen, server, studio };
}

describe("headers", () => {
  it("go with every call: those of the connection, token and protocol keys, and the call's own last", async () => {
    let turn = 0;
    const { seen, server, studio } = await listening({
      headers: () => ({
        "X-Tenant": `t${(turn += 1)}`,
        "trace-bin": Uint8Array.of(1, 2, 250),
        both: "theirs",
      }),
      token: () => Promise.resolve("abc.def"),
      protocolKeys: { "admin-key": "let me in" },
    });
    turn = 0;
    await studio.server.live();
    await studio.server.live({ headers: { Both: "own" } });
    expect(seen).toEqual([
      expect.objectContaining({
        "x-tenant": "t1",
        "trace-bin": Buffer.of(1, 2, 250),
        both: "theirs",
        authorization: "Bearer abc.def",
        "triton-grpc-protocol-admin-key": "let me in",
      }),
      expect.objectContaining({ "x-tenant": "t2", both: "own" }),
    ]);
    await studio.draft.generate({ prompt: "a" }, { headers: { "only-here": "1" } }).result;
    expect(server.streams.at(-1)?.header("only-here")).toBe("1");
    expect(server.streams.at(-1)?.header("x-tenant")).toBe("t3");
  });

  it.each<[string, HeaderValues]>([
    ["a name with a space", { "x y": "1" }],
    ["a line break in a name", { "x\r\ny": "1" }],
    ["a line break in a value", { x: "a\r\nevil: 1" }],
    ["an empty value", { x: "" }],
    ["a value that is not ASCII", { x: "é" }],
    ["space around a value", { x: " a" }],
    ["bytes without -bin", { x: Uint8Array.of(1) }],
    ["text with -bin", { "x-bin": "a" }],
    ["a number", { x: 7 as never }],
    ["gRPC's own", { "grpc-timeout": "1S" }],
    ["HTTP's own", { TE: "trailers" }],
    ["a pseudo header", { ":path": "/" }],
    ["more than a server takes", { x: "a".repeat(8200) }],
  ])("are refused before anything is sent: %s", async (_, headers) => {
    expect(() => new CallHeaders({ headers })).toThrow(expect.objectContaining({ code: "request-invalid" }));
    const { seen, studio } = await listening({});
    await expect(studio.server.live({ headers })).rejects.toMatchObject({ code: "request-invalid" });
    expect(seen).toEqual([]);
  });

  it("never stand in an error, since they may be secret", () => {
    for (const options of [{ token: "se cret" }, { headers: { authorization: "se\ncret" } }]) {
      expect(() => new CallHeaders(options)).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining("cret") as string }),
      );
    }
  });

  it("come from a function that may fail, which fails the call, and may hang, which the deadline ends", async () => {
    let give: () => Promise<HeaderValues> = () => Promise.resolve({});
    const { studio } = await listening({ headers: () => give() });
    give = () => Promise.reject(new Error("vault is sealed"));
    await expect(studio.server.live()).rejects.toMatchObject({
      code: "request-invalid",
      message: expect.stringContaining("vault is sealed") as string,
    });
    await expect(studio.draft.generate({ prompt: "a" }).result).rejects.toMatchObject({
      code: "request-invalid",
    });
    give = () => new Promise(() => undefined);
    await expect(studio.server.live({ deadlineMs: 30 })).rejects.toMatchObject({ code: "deadline-exceeded" });
    const signal = AbortSignal.timeout(30);
    await expect(studio.server.live({ signal })).rejects.toMatchObject({ code: "cancelled" });
    const run = studio.draft.generate({ prompt: "a" });
    run.cancel();
    await expect(run.result).rejects.toMatchObject({ code: "cancelled" });
    const waiting = studio.server.live();
    const closed = expect(waiting).rejects.toMatchObject({ code: "cancelled" });
    await studio.close();
    await closed;
  });

  it("carry no token in the clear to another machine", async () => {
    await expect(connect("triton.example:8001", { contract: toy, token: "abc" })).rejects.toMatchObject({
      code: "request-invalid",
      hint: expect.stringContaining("tls") as string,
    });
  });
});
