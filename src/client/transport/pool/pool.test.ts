import { status as Status } from "@grpc/grpc-js";
import { describe, expect, it, onTestFinished } from "vitest";
import { tensor } from "../../../tensor/index.ts";
import { type ConnectOptions, connect } from "../../connect.ts";
import type { Studio } from "../../studio.ts";
import { toy } from "../../testing/contract.ts";
import { type FakeHandlers, type FakeTriton, failure } from "../../testing/fake-triton.ts";
import { clipOf, firstOf, progressOf, responseOf } from "../../testing/messages.ts";
import { playClip, serve } from "../../testing/toy-server.ts";

const SOON = { timeout: 15_000, interval: 10 };
const POOL = { healthIntervalMs: 100 };

async function connected(
  endpoints: string | readonly string[],
  options: Partial<ConnectOptions<typeof toy>> = {},
): Promise<Studio<typeof toy>> {
  const studio = await connect(endpoints, { contract: toy, pool: POOL, ...options });
  onTestFinished(() => studio.close());
  return studio;
}

async function serveAll(...all: readonly FakeHandlers[]): Promise<FakeTriton[]> {
  return Promise.all(all.map((handlers) => serve(handlers)));
}

const endpointsOf = (servers: readonly FakeTriton[]): string[] => servers.map(({ endpoint }) => endpoint);
const statusesOf = (studio: Studio<typeof toy>): string[] => studio.endpoints().map(({ status }) => status);
const IDS = { TOKEN_IDS: tensor("INT64", [2, 1], new BigInt64Array(2)) };

/** An inference of the smallest kind, by a model whose outputs the fake gives. */
const infer = (studio: Studio<typeof toy>) => studio.draft.generateUnary({ prompt: "a" });

describe("several servers", () => {
  it("each get a call before one gets two, streams and others alike", async () => {
    const hold: FakeHandlers = {
      ModelStreamInfer: (stream) => void stream.send(progressOf("tokenizer", 1, 1, 1)),
    };
    const servers = await serveAll(hold, hold, hold);
    const studio = await connected(endpointsOf(servers));
    expect(studio.endpoint).toBe(endpointsOf(servers).join(","));
    const runs = [1, 2, 3].map(() => studio.draft.generate({ prompt: "a" }));
    await expect.poll(() => servers.map(({ streams }) => streams.length), SOON).toEqual([1, 1, 1]);
    expect(studio.endpoints().map(({ inFlight }) => inFlight)).toEqual([1, 1, 1]);
    runs[1]?.cancel();
    await expect
      .poll(() => studio.endpoints().reduce((sum, { inFlight }) => sum + inFlight, 0), SOON)
      .toBe(2);
    const free = studio.endpoints().find(({ inFlight }) => inFlight === 0)?.endpoint;
    await infer(studio);
    expect(servers.find(({ endpoint }) => endpoint === free)?.requests).toHaveLength(2);
    for (const run of runs) run.cancel();
  });

  it("are enough where one of three is dead; it gets calls again when it is back, one at first", async () => {
    const [one, two, gone] = await serveAll({}, {}, {});
    gone?.kill();
    const studio = await connected(endpointsOf([one, two, gone] as FakeTriton[]));
    await expect.poll(() => statusesOf(studio), SOON).toEqual(["ready", "ready", "ejected"]);
    expect(studio.endpoints()[2]?.reason).toContain("ECONNREFUSED");
    for (let call = 0; call < 10; call += 1) await infer(studio);
    const back = await serve({}, gone?.port);
    await expect.poll(() => statusesOf(studio)[2], SOON).toBe("trial");
    await expect
      .poll(async () => {
        await infer(studio);
        return statusesOf(studio)[2];
      }, SOON)
      .toBe("ready");
    expect(back.requests.length).toBeGreaterThan(0);
  });

  it("do not take one back that serves something else now", async () => {
    const [one, two] = (await serveAll({}, {})) as [FakeTriton, FakeTriton];
    const studio = await connected(endpointsOf([one, two]));
    two.kill();
    await expect.poll(() => statusesOf(studio)[1], SOON).toBe("ejected");
    await serve(
      { ModelMetadata: () => Promise.reject(failure(Status.NOT_FOUND, "unknown model")) },
      two.port,
    );
    await expect.poll(() => studio.endpoints()[1]?.reason, SOON).toContain("differences");
    expect(statusesOf(studio)).toEqual(["ready", "ejected"]);
  });

  it("are left where they are not ready, and tell all reasons where none can be used", async () => {
    const [one, two] = (await serveAll({}, { ServerReady: () => ({ ready: false }) })) as [
      FakeTriton,
      FakeTriton,
    ];
    const studio = await connected(endpointsOf([one, two]));
    await expect.poll(() => statusesOf(studio), SOON).toEqual(["ready", "ejected"]);
    one.kill();
    await expect(connected(endpointsOf([one, two]))).rejects.toMatchObject({
      message: expect.stringMatching(/None of .*ECONNREFUSED.*not ready/) as string,
      details: { endpoint: `${one.endpoint},${two.endpoint}` },
    });
  });

  it("get no calls once they are drained: what runs there ends first", async () => {
    let finish: () => void = () => undefined;
    const slow: FakeHandlers = {
      ModelStreamInfer: (stream) => {
        finish = () => {
          playClip(stream);
        };
      },
    };
    const servers = (await serveAll(slow, slow)) as [FakeTriton, FakeTriton];
    const studio = await connected(endpointsOf(servers));
    const run = studio.draft.generate({ prompt: "a" });
    await expect.poll(() => servers.map(({ streams }) => streams.length).sort(), SOON).toEqual([0, 1]);
    const busy = servers.find(({ streams }) => streams.length === 1)?.endpoint ?? "";
    const drained = studio.drain(busy);
    for (let call = 0; call < 5; call += 1) await infer(studio);
    expect(studio.endpoints().find(({ endpoint }) => endpoint === busy)).toMatchObject({
      status: "draining",
      inFlight: 1,
    });
    finish();
    await drained;
    expect((await run.result).video.length).toBeGreaterThan(0);
    expect(endpointsOf(servers)).toContain(studio.endpoints()[0]?.endpoint);
    expect(studio.endpoints()).toHaveLength(1);
    await expect(studio.drain("nobody:1")).rejects.toMatchObject({ code: "request-invalid" });
    const rest = studio.drain(studio.endpoints()[0]?.endpoint ?? "");
    await rest;
    await expect(infer(studio)).rejects.toMatchObject({ code: "unreachable" });
  });

  it("are waited for no longer than a drain is given", async () => {
    const servers = (await serveAll({ ModelStreamInfer: () => undefined }, {})) as [FakeTriton, FakeTriton];
    const studio = await connected(servers[0].endpoint);
    const run = studio.draft.generate({ prompt: "a" });
    await expect.poll(() => servers[0].streams.length, SOON).toBe(1);
    await studio.drain(servers[0].endpoint, { deadlineMs: 50 });
    await expect(run.result).rejects.toMatchObject({
      code: "cancelled",
      message: expect.stringContaining("drained") as string,
    });
    await servers[0].streams[0]?.cancelled;
  });

  it("are those that a name stands for, now and later", async () => {
    const server = await serve();
    let found = ["127.0.0.1", "127.0.0.3"];
    const lookup = (): Promise<readonly string[]> => Promise.resolve(found);
    const studio = await connected(`dns:///triton.test:${server.port}`, {
      pool: { ...POOL, lookup, lookupIntervalMs: 20 },
    });
    for (let call = 0; call < 5; call += 1) await infer(studio);
    await expect.poll(() => statusesOf(studio), SOON).toEqual(["ready", "ejected"]);
    found = ["127.0.0.1"];
    await expect.poll(() => statusesOf(studio), SOON).toEqual(["ready"]);
    found = ["127.0.0.1", "127.0.0.2"];
    await expect
      .poll(() => studio.endpoints().map(({ endpoint }) => endpoint), SOON)
      .toEqual([`127.0.0.1:${server.port}`, `127.0.0.2:${server.port}`]);
  });
});

describe("a call that no server took up", () => {
  it("is sent to another one: refused connections, stopping servers, full queues, by both ways", async () => {
    const refuse = (details: string): FakeHandlers => ({
      ModelInfer: () => Promise.reject(failure(Status.UNAVAILABLE, details)),
      ModelStreamInfer: (stream) => {
        stream.complain(details);
        stream.end();
      },
    });
    for (const text of ["Server exiting", "Exceeds maximum queue size"]) {
      const servers = (await serveAll(refuse(text), {})) as [FakeTriton, FakeTriton];
      for (let turn = 0; turn < 3; turn += 1) {
        const studio = await connected(endpointsOf(servers), { pool: {} });
        expect((await infer(studio)).video.length).toBeGreaterThan(0);
        expect((await studio.draft.generate({ prompt: "a" }).result).video.length).toBeGreaterThan(0);
      }
    }
    const servers = (await serveAll({}, {})) as [FakeTriton, FakeTriton];
    const studio = await connected(endpointsOf(servers), { pool: { healthIntervalMs: 60_000 } });
    servers[0].kill();
    for (let turn = 0; turn < 4; turn += 1) {
      await infer(studio);
      await studio.draft.generate({ prompt: "a" }).result;
    }
    expect(servers[1].requests).toHaveLength(8);
  });

  it("is sent to another one where a server has given up its models, and that one is left at once", async () => {
    let stopping = false;
    const gone = (): never => {
      throw failure(Status.NOT_FOUND, "Request for unknown model: 'draft' is not found");
    };
    const servers = (await serveAll(
      {
        ServerReady: () => ({ ready: !stopping }),
        ModelInfer: (request) => (stopping ? gone() : responseOf(request, clipOf(["VIDEO"]))),
      },
      {},
    )) as [FakeTriton, FakeTriton];
    const studio = await connected(endpointsOf(servers), { pool: { healthIntervalMs: 60_000 } });
    await expect.poll(() => statusesOf(studio), SOON).toEqual(["ready", "ready"]);
    stopping = true;
    for (let call = 0; call < 10; call += 1) await infer(studio);
    await expect.poll(() => statusesOf(studio)[0], SOON).toBe("ejected");
  });

  it("fails after the last attempt, and says how many there were", async () => {
    const server = await serve();
    const studio = await connected(server.endpoint);
    server.kill();
    const details = { endpoint: server.endpoint, accepted: false, attempts: 3 };
    await expect(infer(studio)).rejects.toMatchObject({ code: "unreachable", details });
    await expect(studio.draft.generate({ prompt: "a" }).result).rejects.toMatchObject({
      code: "unreachable",
      details,
    });
    const once = await connected((await serve()).endpoint, { retry: false });
    expect(await once.server.live()).toBe(true);
  });

  it("finds a server again that was started anew meanwhile", async () => {
    const server = await serve();
    const studio = await connected(server.endpoint, { retry: { attempts: 30, budget: 100 } });
    server.kill();
    const call = infer(studio);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await serve({}, server.port);
    expect((await call).video.length).toBeGreaterThan(0);
  });
});

describe("a call that a server took up", () => {
  it("is never sent again, though another server is there", async () => {
    const die: FakeHandlers = {
      ModelInfer: () => {
        for (const server of servers) if (server.requests.length > 0) server.kill();
        return new Promise(() => undefined);
      },
      ModelStreamInfer: (stream) => {
        stream.send(progressOf("tokenizer", 1, 1, 1));
        stream.complain("Server exiting");
        stream.end();
      },
    };
    const servers = await serveAll(die, die);
    const studio = await connected(endpointsOf(servers));
    await expect(studio.draft.generate({ prompt: "a" }).result).rejects.toMatchObject({
      code: "server-stopping",
    });
    expect(servers.flatMap(({ requests }) => requests)).toHaveLength(1);
    for (const server of servers) (server.requests as unknown[]).length = 0;
    await expect(infer(studio)).rejects.toMatchObject({ code: "unreachable" });
    expect(servers.flatMap(({ requests }) => requests)).toHaveLength(1);
  });

  it("is a question that may be asked again, where it is one", async () => {
    let asked = 0;
    const server = await serve({
      ServerMetadata: () => {
        asked += 1;
        if (asked < 3) throw failure(Status.UNAVAILABLE, "Connection dropped");
        return { name: "triton", version: "2", extensions: [] };
      },
    });
    const studio = await connected(server.endpoint);
    expect(await studio.server.metadata()).toMatchObject({ name: "triton" });
    expect(asked).toBe(3);
  });
});

describe("a limit of calls that run at a time", () => {
  it("holds others back, refuses what is too much at once, and lets go of those that give up", async () => {
    const release: (() => void)[] = [];
    const server = await serve({
      ModelInfer: async (request) => {
        await new Promise<void>((resolve) => release.push(resolve));
        return responseOf(request, clipOf(["VIDEO"]));
      },
      ModelStreamInfer: (stream) => {
        release.push(() => {
          playClip(stream);
        });
      },
    });
    const studio = await connected(server.endpoint, { maxInFlight: 1, maxQueued: 2 });
    const first = studio.draft.generate({ prompt: "a" });
    await expect.poll(() => release.length, SOON).toBe(1);
    const second = infer(studio);
    const third = studio.draft.generate({ prompt: "c" });
    await expect(infer(studio)).rejects.toMatchObject({ code: "overloaded" });
    await expect(studio.draft.generate({ prompt: "x" }).result).rejects.toMatchObject({ code: "overloaded" });
    await expect(studio.models.text_encoder.infer(IDS)).rejects.toMatchObject({ code: "overloaded" });
    expect(await studio.server.live()).toBe(true);
    third.cancel();
    await expect(third.result).rejects.toMatchObject({ code: "cancelled" });
    await expect(studio.draft.generateUnary({ prompt: "d" }, { deadlineMs: 50 })).rejects.toMatchObject({
      code: "deadline-exceeded",
      message: expect.stringContaining("its turn") as string,
    });
    expect(release).toHaveLength(1);
    release.shift()?.();
    await first.result;
    await expect.poll(() => release.length, SOON).toBe(1);
    release.shift()?.();
    await second;
    const left = studio.draft.generate({ prompt: "e" });
    await expect.poll(() => release.length, SOON).toBe(1);
    left.cancel();
    const last = infer(studio);
    await expect.poll(() => release.length, SOON).toBe(2);
    release[1]?.();
    await last;
    expect(server.requests).toHaveLength(4);
    expect(await firstOf(left).catch(() => "over")).toBe("over");
  });
});
