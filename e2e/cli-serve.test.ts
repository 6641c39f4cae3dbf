import { existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { PNG } from "pngjs";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import {
  type CliEnd,
  type CliRun,
  cli,
  documentOf,
  leftovers,
  makeWorkspace,
  startCli,
  type Workspace,
} from "./fixtures/cli.ts";
import { freePorts, isRunning, tracesOf } from "./fixtures/machine.ts";

const GONE = { timeout: 15_000, interval: 50 };
const PROMPT = "a red circle moves right";
let shared: Workspace;
let server: CliRun;
let endpoint = "";

beforeAll(async () => {
  shared = await makeWorkspace();
  const [grpc, http, metrics] = (await freePorts(3)).map(String) as [string, string, string];
  endpoint = `127.0.0.1:${grpc}`;
  const args = ["serve", "--grpc-port", grpc, "--http-port", http, "--metrics-port", metrics];
  server = startCli(args, { cwd: shared.folder, env: shared.env });
  await server.saw(
    `ready: gRPC ${endpoint}, HTTP http://127.0.0.1:${http}, metrics http://127.0.0.1:${metrics}/metrics`,
  );
});

afterAll(async () => {
  server.child.kill("SIGTERM");
  await server.ended;
  shared.remove();
});

function generate(...args: readonly string[]): Promise<CliEnd> {
  return cli(["generate", PROMPT, "--server", endpoint, ...args], { cwd: shared.folder, env: shared.env });
}

/** A fresh folder in the workspace, as the command line names it. */
function outFolder(): string {
  return path.relative(shared.folder, mkdtempSync(path.join(shared.folder, "out-")));
}

function fileOf(name: string): Buffer {
  return readFileSync(path.join(shared.folder, name));
}

const isMp4 = (file: Buffer): boolean => file.subarray(4, 8).toString() === "ftyp";

describe("generate, against a server of `serve`", () => {
  it("writes an MP4 and a contact sheet, and prints the stage table", async () => {
    const out = outFolder();
    const end = await generate(
      "--variant",
      "draft",
      "--seed",
      "7",
      "--out",
      `${out}/a.mp4`,
      "--sheet",
      `${out}/new/a.png`,
    );
    expect(end.code).toBe(0);
    expect(end.stdout).toBe(`${out}/a.mp4\n${out}/new/a.png\n`);
    expect(end.stderr).toMatch(/^stage +steps +ms +ms a step$/m);
    for (const row of ["tokenizer +1", "high_noise +2", "low_noise +2", "vae_decoder +1", "video_encoder +1"])
      expect(end.stderr).toMatch(new RegExp(`^${row} +\\d+\\.\\d +\\d+\\.\\d\\d$`, "m"));
    expect(end.stderr).toMatch(/^total +\d+\.\d$/m);
    expect(end.stderr).toContain("seed 7, 4 steps");
    expect(isMp4(fileOf(`${out}/a.mp4`))).toBe(true);
    const sheet = fileOf(`${out}/new/a.png`);
    expect([...sheet.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
    const { width, height } = PNG.sync.read(sheet);
    expect([width, height]).toEqual([6 * (3 * 64 + 4) + 4, 3 * 64 + 4 + 4]);
    expect(leftovers(path.join(shared.folder, out))).toEqual([]);
  });

  it("takes the first variant where none is named, and the steps that are asked for", async () => {
    const out = outFolder();
    const end = await generate("--steps", "10", "--out", `${out}/a.mp4`, "--json");
    expect(end.code).toBe(0);
    expect(documentOf(end)).toMatchObject({
      variant: "final",
      video: `${out}/a.mp4`,
      used: { steps: 10, seed: expect.stringMatching(/^\d+$/) as string },
    });
    expect(end.stderr).toMatch(/^ {2}high_noise 5\/5 \d+\.\d\d s$/m);
  });

  it("makes the same clip from the same seed, also from the seed of the last clip", async () => {
    const out = outFolder();
    const first = documentOf(await generate("--variant", "draft", "--out", `${out}/a.mp4`, "--json"));
    const { seed } = first["used"] as { seed: string };
    await generate("--variant", "draft", "--seed", seed, "--out", `${out}/b.mp4`);
    await generate("--variant", "draft", "--seed", String(BigInt(seed) ^ 1n), "--out", `${out}/c.mp4`);
    expect(fileOf(`${out}/b.mp4`).equals(fileOf(`${out}/a.mp4`))).toBe(true);
    expect(fileOf(`${out}/c.mp4`).equals(fileOf(`${out}/a.mp4`))).toBe(false);
  });

  it.each<[string, readonly string[], number, RegExp]>([
    ["a step count that is not offered", ["--steps", "7"], 2, /error\[request-invalid\]: .*20, 10, 30/i],
    [
      "guidance that is no guidance",
      ["--guidance-high-noise", "1e9"],
      2,
      /error\[request-invalid\]: .*GUIDANCE_HIGH_NOISE/,
    ],
    [
      "a deadline that is too short",
      ["--steps", "30", "--deadline", "0.03"],
      3,
      /error\[deadline-exceeded\]/,
    ],
  ])("%s is refused, and leaves no file", async (_, args, exit, message) => {
    const out = outFolder();
    const end = await generate(...args, "--out", `${out}/a.mp4`);
    expect([end.code, end.stdout]).toEqual([exit, ""]);
    expect(end.stderr).toMatch(message);
    expect(readdirSync(path.join(shared.folder, out))).toEqual([]);
  });

  it("a prompt that is too long is refused in the server's words", async () => {
    const end = await cli(["generate", "red ".repeat(40), "--server", endpoint, "--json"], {
      cwd: shared.folder,
      env: shared.env,
    });
    expect(end.code).toBe(2);
    expect(documentOf(end)).toMatchObject({
      error: {
        code: "request-invalid",
        message: expect.stringMatching(/PROMPT: \d+ tokens, at most 32/) as string,
      },
    });
  });

  it("a server of another pipeline is told by what is different", async () => {
    const end = await generate("--spec", "configs/wan2.2-t2v-a14b.yaml", "--out", `${outFolder()}/a.mp4`);
    expect(end.code).toBe(3);
    expect(end.stderr).toContain("error[contract-mismatch]");
    expect(end.stderr).toContain("FRAMES");
  });

  it("Ctrl-C while it waits: exit 130, no file, and the server lives on", async () => {
    const out = outFolder();
    const args = ["generate", PROMPT, "--server", endpoint, "--steps", "30", "--out", `${out}/a.mp4`];
    const run = startCli(args, { cwd: shared.folder, env: shared.env });
    await run.saw("text_encoder 1/1");
    run.child.kill("SIGINT");
    expect(await run.ended).toMatchObject({
      code: 130,
      stdout: "",
      stderr: expect.stringMatching(/interrupted\n$/) as string,
    });
    expect(readdirSync(path.join(shared.folder, out))).toEqual([]);
    expect((await generate("--variant", "draft", "--out", `${out}/b.mp4`)).code).toBe(0);
  });
});

describe("the end of serve", () => {
  it("by Ctrl-C: exit 130, and no process, shared memory or file is left", async () => {
    const traces = tracesOf(shared.cache).concat(tracesOf(shared.folder));
    const id = /triptych-[0-9a-f]{12}/.exec(traces.join(" "))?.[0] ?? "nothing";
    expect(tracesOf(id).length).toBeGreaterThan(10);
    expect(readdirSync("/dev/shm").filter((name) => name.includes(id)).length).toBeGreaterThan(5);
    server.child.kill("SIGINT");
    const end = await server.ended;
    expect([end.code, end.signal, end.stdout]).toEqual([130, null, ""]);
    expect(end.stderr).toMatch(/Ctrl-C stops the server\nstopping …\n$/);
    expect(tracesOf(id)).toEqual([]);
    expect(leftovers(shared.folder)).toEqual([]);
    expect(readdirSync(shared.temporary)).toEqual([]);
    expect(readdirSync(path.join(shared.cache, "servers"))).toEqual([]);
  });

  /** Another server of the same workspace, by its one JSON document. */
  async function another(): Promise<{ run: CliRun; pid: number; id: string }> {
    const ports = (await freePorts(3)).map(String) as [string, string, string];
    const args = [
      "serve",
      "--json",
      "--grpc-port",
      ports[0],
      "--http-port",
      ports[1],
      "--metrics-port",
      ports[2],
    ];
    const run = startCli(args, { cwd: shared.folder, env: shared.env });
    onTestFinished(() => {
      run.child.kill("SIGKILL");
    });
    await run.saw(/"ready":true.*\n/);
    const { pid } = JSON.parse(run.stdout()) as { pid: number };
    const id = /triptych-[0-9a-f]{12}/.exec(run.stdout())?.[0] ?? "nothing";
    expect(tracesOf(id).length).toBeGreaterThan(10);
    return { run, pid, id };
  }

  it("by SIGKILL: Triton goes away, and its shared memory", async () => {
    const { run, pid, id } = await another();
    run.child.kill("SIGKILL");
    expect((await run.ended).signal).toBe("SIGKILL");
    await expect.poll(() => tracesOf(id), GONE).toEqual([]);
    expect(isRunning(pid)).toBe(false);
  });

  it("by the end of Triton: exit 3 with its log, and still one JSON document", async () => {
    const { run, pid, id } = await another();
    process.kill(pid, "SIGKILL");
    const end = await run.ended;
    expect(end.code).toBe(3);
    expect(documentOf(end)).toMatchObject({
      ready: true,
      grpcEndpoint: expect.stringMatching(/^127/) as string,
    });
    expect(end.stderr).toContain("error[server-exited]: Triton ended by itself: SIGKILL");
    expect(end.stderr).toContain("Started GRPCInferenceService");
    const [, logFile = ""] = /^ {2}log: (.*)$/m.exec(end.stderr) ?? [];
    expect(existsSync(logFile)).toBe(true);
    await expect.poll(() => tracesOf(id), GONE).toEqual([]);
  });
});
