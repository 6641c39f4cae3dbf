import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type ContainerOptions, startTriton, type TritonServer } from "../src/server/index.ts";
import { compilePrograms } from "./fixtures/compiled.ts";
import { fixture, modelRepository, setEnvironment, temporaryFolder } from "./fixtures/machine.ts";

/** Puts the fake docker first on PATH; tells which calls it got and which containers run. */
function useFakeDocker(failure = ""): { calls: () => string[][]; containers: () => string[] } {
  const state = temporaryFolder();
  setEnvironment({
    PATH: `${fixture("bin")}${path.delimiter}${process.env["PATH"] ?? ""}`,
    FAKE_DOCKER_STATE: state,
    FAKE_DOCKER_FAILURE: failure,
  });
  const log = path.join(state, "calls");
  const lines = (): string[] => (existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : []);
  return {
    calls: () => lines().map((line) => JSON.parse(line) as string[]),
    containers: () => readdirSync(state).filter((name) => name.startsWith("triptych-")),
  };
}

async function start(options: Partial<ContainerOptions> = {}): Promise<TritonServer> {
  const server = await startTriton({
    kind: "container",
    modelRepository: modelRepository("identity"),
    cacheDir: temporaryFolder(),
    readyTimeoutMs: 20_000,
    ...options,
  });
  onTestFinished(() => server.stop());
  return server;
}

describe("the container", () => {
  it("is started, is ready, and is stopped by docker", async () => {
    const docker = useFakeDocker();
    const server = await start();
    const [name = ""] = docker.containers();
    expect((await fetch(`${server.httpUrl}/v2/health/ready`)).status).toBe(200);
    expect(server.logTail()).toBe("Started HTTPService");
    await server.stop();
    await expect(server.exited).resolves.toMatchObject({ expected: true });
    expect(docker.calls().map(([command]) => command)).toEqual(
      expect.arrayContaining(["version", "run", "stop"]),
    );
    expect(
      docker
        .calls()
        .find(([command]) => command === "stop")
        ?.at(-1),
    ).toBe(name);
    expect(docker.containers()).toEqual([]);
  });

  it("does not outlive an owner that is killed", async () => {
    const docker = useFakeDocker();
    const programs = await compilePrograms();
    onTestFinished(() => {
      rmSync(path.resolve(programs, "../../.."), { recursive: true, force: true });
    });
    const options = {
      kind: "container",
      modelRepository: modelRepository("identity"),
      cacheDir: temporaryFolder(),
    };
    const child = spawn(process.execPath, [path.join(programs, "keep-server.js"), JSON.stringify(options)], {
      stdio: "ignore",
    });
    await expect.poll(docker.containers, { timeout: 10_000 }).toHaveLength(1);
    child.kill("SIGKILL");
    await expect.poll(docker.containers, { timeout: 10_000 }).toEqual([]);
  });

  it("repeats docker's reason when it does not start", async () => {
    useFakeDocker("could not select device driver with capabilities: [[gpu]].");
    await expect(start()).rejects.toMatchObject({
      code: "server-start-failed",
      message: expect.stringContaining("could not select device driver") as string,
      details: { reproduce: expect.stringMatching(/^docker run --rm /) as string },
    });
  });

  it("needs docker", async () => {
    setEnvironment({ PATH: temporaryFolder() });
    await expect(start()).rejects.toMatchObject({ code: "docker-missing" });
  });

  it("warns of an image with known faults, and refuses one that is too old", async () => {
    useFakeDocker();
    const warnings: string[] = [];
    await start({ tag: "26.01-py3", onWarning: (warning) => warnings.push(warning) });
    expect(warnings).toEqual([
      "Triton 26.01-py3 has known security faults; 26.07 and newer have them mended",
    ]);
    await expect(start({ tag: "24.10-py3" })).rejects.toMatchObject({ code: "plan-impossible" });
  });
});

describe("a remote server", () => {
  it("is used and never stopped", async () => {
    const docker = useFakeDocker();
    const { httpUrl } = await start();
    const remote = await startTriton({ kind: "remote", httpUrl });
    await remote.stop();
    await expect(remote.exited).resolves.toEqual({ code: null, signal: null, expected: true });
    expect(docker.containers()).toHaveLength(1);
  });

  it("is unreachable after its time", async () => {
    const remote = startTriton({ kind: "remote", httpUrl: "http://127.0.0.1:9", readyTimeoutMs: 200 });
    await expect(remote).rejects.toMatchObject({
      code: "unreachable",
      message: expect.stringContaining("ECONNREFUSED") as string,
    });
  });
});
