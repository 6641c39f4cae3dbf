import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { ensureEmbedded, startTriton } from "../src/server/index.ts";
import { compilePrograms } from "./fixtures/compiled.ts";
import { isRunning, modelRepository, processesWith, temporaryFolder, tracesOf } from "./fixtures/machine.ts";

/** "Triton gone within seconds": it needs three to unload its models. */
const GONE = { timeout: 12_000, interval: 50 };
let programs = "";

beforeAll(async () => {
  programs = await compilePrograms();
  await ensureEmbedded();
});

afterAll(() => {
  rmSync(path.resolve(programs, "../../.."), { recursive: true, force: true });
});

function run(program: string, ...args: readonly string[]): ChildProcess {
  const stdio = ["ignore", "pipe", "ignore"] as const;
  const child = spawn(process.execPath, [path.join(programs, `${program}.js`), ...args], {
    stdio: [...stdio],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  return child;
}

/** Reads the program's messages until one fits. */
async function messageOf<T>(
  child: ChildProcess,
  isIt: (message: Record<string, unknown>) => T | undefined,
): Promise<T> {
  if (child.stdout === null) throw new TypeError("no output");
  for await (const line of createInterface({ input: child.stdout })) {
    const found = isIt(JSON.parse(line) as Record<string, unknown>);
    if (found !== undefined) return found;
  }
  throw new TypeError("the program ended without a word");
}

const pidsOf = (child: ChildProcess): Promise<number[]> =>
  messageOf(child, ({ pids }) => pids as number[] | undefined);

describe("a service whose owner ends", () => {
  it.each(["exit", "throw"])("by %s", async (way) => {
    const child = run("keep-service", way);
    const pids = await pidsOf(child);
    await expect.poll(() => pids.filter(isRunning), GONE).toEqual([]);
  });

  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "by %s, which its own parent still sees",
    async (signal) => {
      const child = run("keep-service");
      const pids = await pidsOf(child);
      expect(pids.filter(isRunning)).toEqual(pids);
      child.kill(signal);
      expect(await once(child, "exit")).toEqual([null, signal]);
      await expect.poll(() => pids.filter(isRunning), GONE).toEqual([]);
    },
  );
});

describe("Triton whose owner is killed", () => {
  const idIn = (text: unknown): string | undefined => /triptych-[0-9a-f]{12}/.exec(String(text))?.[0];

  it("is gone within seconds, and its shared memory with it", async () => {
    const options = { kind: "embedded", modelRepository: modelRepository("identity") };
    const child = run("keep-server", JSON.stringify(options));
    const logFile = await messageOf(child, ({ logFile: file }) => file);
    const id = idIn(logFile) ?? "nothing";
    expect(tracesOf(id).length).toBeGreaterThan(2);
    child.kill("SIGKILL");
    await expect.poll(() => tracesOf(id), GONE).toEqual([]);
  });

  it("is gone also while it loads a model", async () => {
    const repository = modelRepository("slow");
    const child = run("keep-server", JSON.stringify({ kind: "embedded", modelRepository: repository }));
    await expect.poll(() => processesWith(`${repository}/slow/1/model.py`), GONE).toHaveLength(1);
    const id = tracesOf(repository).map(idIn).at(-1) ?? "nothing";
    expect(tracesOf(id).length).toBeGreaterThan(2);
    child.kill("SIGKILL");
    await expect.poll(() => tracesOf(id), GONE).toEqual([]);
  });

  it("has its notes swept by the next server", async () => {
    const cacheDir = temporaryFolder();
    const { root } = await ensureEmbedded();
    // The environment of the usual cache, so that only the notes are apart.
    mkdirSync(path.join(cacheDir, "embedded"));
    symlinkSync(root, path.join(cacheDir, "embedded", path.basename(root)));
    const options = { kind: "embedded", cacheDir, modelRepository: modelRepository("identity") } as const;
    const child = run("keep-server", JSON.stringify(options));
    await messageOf(child, ({ ready }) => ready);
    child.kill("SIGKILL");
    await once(child, "exit");
    const [old = ""] = readdirSync(path.join(cacheDir, "servers"));
    expect(readdirSync(path.join(cacheDir, "servers", old))).toContain("server.json");
    const server = await startTriton(options);
    onTestFinished(() => server.stop());
    // Its log is kept for a while: somebody may want to know why it was killed.
    expect(readdirSync(path.join(cacheDir, "servers", old))).toEqual(["triton.log"]);
  });
});
