import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { waitUntilReady } from "./readiness.ts";

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${String(typeof address === "object" ? address?.port : 0)}`;
}

/** A Triton of this name that is ready after some questions. */
function triton(name: string, readyAfter = 0): Promise<string> {
  let asked = 0;
  return serve((request, response) => {
    if (request.url === "/v2") response.end(JSON.stringify({ name }));
    else response.writeHead(asked++ < readyAfter ? 400 : 200).end();
  });
}

describe("waitUntilReady", () => {
  it("waits for a server that is not ready at first", async () => {
    const httpUrl = await triton("ours", 2);
    await expect(waitUntilReady({ httpUrl, serverId: "ours", timeoutMs: 5_000 })).resolves.toEqual({
      state: "ready",
    });
  });

  it("does not take another server for ours", async () => {
    const httpUrl = await triton("theirs");
    const readiness = await waitUntilReady({ httpUrl, serverId: "ours", timeoutMs: 150 });
    expect(readiness).toEqual({ state: "late", last: "another server answers on its port" });
  });

  it("says what was wrong last when time is up", async () => {
    await expect(waitUntilReady({ httpUrl: await triton("x", 1e9), timeoutMs: 100 })).resolves.toEqual({
      state: "late",
      last: "/v2/health/ready answered 400",
    });
    const refused = await waitUntilReady({ httpUrl: "http://127.0.0.1:9", timeoutMs: 50 });
    expect(refused).toMatchObject({ state: "late", last: expect.stringContaining("ECONNREFUSED") as string });
  });

  it("waits for what the caller wants besides", async () => {
    let isUp = false;
    setTimeout(() => {
      isUp = true;
    }, 100);
    const readiness = await waitUntilReady({
      httpUrl: await triton("x"),
      timeoutMs: 5_000,
      isUp: () => isUp,
    });
    expect(readiness.state).toBe("ready");
    expect(isUp).toBe(true);
  });

  it("ends with the server, even if somebody answers in its place", async () => {
    const readiness = await waitUntilReady({
      httpUrl: await triton("x"),
      timeoutMs: 5_000,
      hasEnded: () => true,
    });
    expect(readiness.state).toBe("ended");
  });

  it("is cancelled, also during a question that nobody answers", async () => {
    const httpUrl = await serve(() => undefined);
    const waiting = waitUntilReady({ httpUrl, timeoutMs: 5_000, signal: AbortSignal.timeout(100) });
    await expect(waiting).rejects.toMatchObject({ code: "cancelled" });
  });
});
