import { cpSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type EmbeddedOptions, ensureEmbedded, startTriton, type TritonServer } from "../src/server/index.ts";
import { isRunning, modelRepository, temporaryFolder, tracesOf } from "./fixtures/machine.ts";

const GONE = { timeout: 10_000, interval: 50 };

async function start(
  models: readonly string[],
  options: Partial<EmbeddedOptions> = {},
): Promise<TritonServer> {
  const server = await startTriton({
    kind: "embedded",
    modelRepository: modelRepository(...models),
    ...options,
  });
  onTestFinished(() => server.stop());
  return server;
}

/** The server's own name, which its processes and its shared memory carry. */
function idOf({ logFile }: TritonServer): string {
  return path.basename(path.dirname(logFile ?? ""));
}

async function infer(server: TritonServer, model: string, inputs: readonly object[]): Promise<unknown> {
  const response = await fetch(`${server.httpUrl}/v2/models/${model}/infer`, {
    method: "POST",
    // An idle connection would make the server wait for it when it is stopped.
    headers: { connection: "close" },
    body: JSON.stringify({ inputs }),
  });
  return response.json();
}

function echo(server: TritonServer, data: readonly number[]): Promise<unknown> {
  return infer(server, "identity", [{ name: "INPUT", shape: [data.length], datatype: "FP32", data }]);
}

beforeAll(async () => {
  await ensureEmbedded();
});

describe("the embedded server", () => {
  it("is ready, answers, and leaves nothing behind", async () => {
    const repository = modelRepository("identity");
    const server = await start([], { modelRepository: repository });
    const id = idOf(server);
    expect(server.kind).toBe("embedded");
    expect(server.pid).toSatisfy(isRunning);
    await expect(echo(server, [1, 2.5, -3])).resolves.toMatchObject({ outputs: [{ data: [1, 2.5, -3] }] });
    const metrics = await fetch(server.metricsUrl, { headers: { connection: "close" } });
    expect(await metrics.text()).toContain('nv_inference_request_success{model="identity"');
    expect(tracesOf(id).length).toBeGreaterThan(2);
    expect(server.logTail()).toContain("successfully loaded 'identity'");
    expect(server.logTail(1).split("\n")).toHaveLength(1);

    await Promise.all([server.stop(), server.stop()]);
    await expect(server.exited).resolves.toEqual({ code: 0, signal: null, expected: true });
    await expect.poll(() => tracesOf(id), GONE).toEqual([]);
    // Python writes no caches beside the models: a repository is only read.
    expect(readdirSync(path.join(repository, "identity/1"))).toEqual(["model.py"]);
  });

  it("keeps large tensors whole", async () => {
    const server = await start(["identity"]);
    const data = Array.from({ length: 500_000 }, (_, index) => index % 1_000);
    await expect(echo(server, data)).resolves.toMatchObject({ outputs: [{ data }] });
  });

  it("has the libraries that the models need, and text comes through whole", async () => {
    const server = await start(["libraries"]);
    const text = "红色圆形 ○ 赤い円";
    const answer = await infer(server, "libraries", [
      { name: "TEXT", shape: [1], datatype: "BYTES", data: [text] },
    ]);
    expect(answer).toMatchObject({
      outputs: [
        { name: "VERSIONS", data: ["1.26.4", expect.any(String), "0.23.3", "17.1.0"] },
        { data: [text] },
      ],
    });
  });

  it("bears a repository and a cache whose paths have spaces and letters of any script", async () => {
    const odd = path.join(temporaryFolder(), "José's models; 红");
    const { root } = await ensureEmbedded();
    const cacheDir = path.join(odd, "cache");
    mkdirSync(path.join(cacheDir, "embedded"), { recursive: true });
    symlinkSync(root, path.join(cacheDir, "embedded", path.basename(root)));
    cpSync(modelRepository("libraries"), path.join(odd, "repository"), { recursive: true });
    const server = await start([], { modelRepository: path.join(odd, "repository"), cacheDir });
    const text = "a";
    const answer = await infer(server, "libraries", [
      { name: "TEXT", shape: [1], datatype: "BYTES", data: [text] },
    ]);
    expect(answer).toMatchObject({ outputs: [{}, { data: [text] }] });
  });

  it("runs several times at once, each with its own ports and memory", async () => {
    const servers = await Promise.all([start(["identity"]), start(["identity"]), start(["identity"])]);
    const endpoints = servers.flatMap(({ httpUrl, grpcEndpoint, metricsUrl }) => [
      httpUrl,
      grpcEndpoint,
      metricsUrl,
    ]);
    expect(new Set(endpoints).size).toBe(9);
    const [first, second, third] = servers;
    await first.stop();
    await expect(echo(second, [2])).resolves.toMatchObject({ outputs: [{ data: [2] }] });
    await expect(echo(third, [3])).resolves.toMatchObject({ outputs: [{ data: [3] }] });
  });

  it("loads only the models that are named, and can be told to load more", async () => {
    const server = await start(["identity", "broken", "libraries"], { models: ["identity"] });
    const post = (url: string): Promise<Response> =>
      fetch(`${server.httpUrl}/v2/repository/${url}`, { method: "POST", headers: { connection: "close" } });
    expect(await (await post("index")).json()).toEqual(
      expect.arrayContaining([{ name: "identity", version: "1", state: "READY" }, { name: "broken" }]),
    );
    expect((await post("models/libraries/load")).status).toBe(200);
    expect((await post("models/broken/load")).status).not.toBe(200);
  });

  it("stops at the end of its scope", async () => {
    const server = await startTriton({ kind: "embedded", modelRepository: modelRepository("identity") });
    {
      await using scoped = server;
      expect(scoped.pid).toSatisfy(isRunning);
    }
    await expect(server.exited).resolves.toMatchObject({ expected: true });
  });

  it("tells when it goes down by itself", async () => {
    const server = await start(["identity"]);
    const id = idOf(server);
    process.kill(server.pid ?? 0, "SIGKILL");
    await expect(server.exited).resolves.toEqual({ code: null, signal: "SIGKILL", expected: false });
    await expect.poll(() => tracesOf(id), GONE).toEqual([]);
    await server.stop();
  });
});
