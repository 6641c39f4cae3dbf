import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { diagnose, type EnvironmentProgress, ensureEmbedded } from "../src/server/index.ts";
import { compilePrograms } from "./fixtures/compiled.ts";
import { fixture, ownDisk, setEnvironment, temporaryFolder } from "./fixtures/machine.ts";

const quick = fixture("fake-python", "quick");
let programs = "";

beforeAll(async () => {
  programs = await compilePrograms();
});

afterAll(() => {
  rmSync(path.resolve(programs, "../../.."), { recursive: true, force: true });
});

/** Settings for the fake Python, and the steps that it noted. */
function useQuickPython(settings: Readonly<Record<string, string>> = {}): () => string[] {
  const log = path.join(temporaryFolder(), "steps");
  setEnvironment({ FAKE_LOG: log, FAKE_PIP: "", ...settings });
  return () => (existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : []);
}

function makeElsewhere(cacheDir: string): ChildProcess {
  const program = path.join(programs, "make-environment.js");
  return spawn(process.execPath, [program, cacheDir, quick], { stdio: ["ignore", "pipe", "inherit"] });
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  await once(child, "close");
  return JSON.parse(output);
}

describe("ensureEmbedded", () => {
  it("makes the environment once and says its steps", async () => {
    const noted = useQuickPython({ FAKE_SECONDS: "0" });
    const cacheDir = temporaryFolder();
    const steps: EnvironmentProgress["step"][] = [];
    const onProgress = ({ step }: EnvironmentProgress): void => {
      steps.push(step);
    };
    const first = await ensureEmbedded({ cacheDir, python: quick, onProgress });
    expect(steps).toEqual(["python", "create", "arrange"]);
    expect(await ensureEmbedded({ cacheDir, python: quick })).toEqual(first);
    expect(noted()).toEqual(["venv", "pip"]);
    expect(readdirSync(path.join(cacheDir, "embedded"))).toEqual([path.basename(first.root)]);
  });

  it("is made once by two processes at the same time", async () => {
    const noted = useQuickPython();
    const cacheDir = temporaryFolder();
    const answers = await Promise.all([answerOf(makeElsewhere(cacheDir)), answerOf(makeElsewhere(cacheDir))]);
    expect(noted()).toEqual(["venv", "pip"]);
    expect(answers).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ steps: ["python", "create", "arrange"] }),
        expect.objectContaining({ steps: ["python", "wait"] }),
      ]),
    );
  });

  it("goes on after a process that was killed in the middle", async () => {
    const noted = useQuickPython({ FAKE_SECONDS: "30" });
    const cacheDir = temporaryFolder();
    const child = makeElsewhere(cacheDir);
    await expect.poll(noted, { timeout: 10_000 }).toEqual(["venv", "pip"]);
    child.kill("SIGKILL");
    await once(child, "close");
    const folder = path.join(cacheDir, "embedded");
    expect(readdirSync(folder)).toHaveLength(2);

    setEnvironment({ FAKE_SECONDS: "0" });
    const { root } = await ensureEmbedded({ cacheDir, python: quick });
    expect(readdirSync(folder)).toEqual([path.basename(root)]);
  });

  it("makes it again when its Python is gone", async () => {
    const noted = useQuickPython({ FAKE_SECONDS: "0" });
    const cacheDir = temporaryFolder();
    const { python } = await ensureEmbedded({ cacheDir, python: quick });
    rmSync(python);
    symlinkSync("/nowhere/python3", python);
    await ensureEmbedded({ cacheDir, python: quick });
    expect(noted()).toEqual(["venv", "pip", "venv", "pip"]);
  });

  it("leaves nothing when it is cancelled", async () => {
    const noted = useQuickPython({ FAKE_SECONDS: "30" });
    const cacheDir = temporaryFolder();
    const controller = new AbortController();
    const made = ensureEmbedded({ cacheDir, python: quick, signal: controller.signal });
    const refused = expect(made).rejects.toMatchObject({ code: "cancelled" });
    await expect.poll(noted, { timeout: 10_000 }).toEqual(["venv", "pip"]);
    controller.abort();
    await refused;
    expect(readdirSync(path.join(cacheDir, "embedded"))).toEqual([]);
  });
});

describe("an environment that cannot be made", () => {
  it("no Python on PATH", async () => {
    setEnvironment({ PATH: temporaryFolder() });
    await expect(ensureEmbedded({ cacheDir: temporaryFolder() })).rejects.toMatchObject({
      code: "python-missing",
      message: "The embedded server needs Python 3.10 to 3.12 on PATH; found none",
      hint: "Install it: on Debian and Ubuntu, apt install python3 python3-venv",
    });
  });

  it.each([
    ["no-venv", "venv-missing", /has no module ensurepip/, /apt install python3\.11-venv/],
    [
      "old-system",
      "environment-failed",
      /needs glibc 2\.35 or newer; this system has glibc 2\.31/,
      /container/,
    ],
  ])("Python is %s", async (name, code, message, hint) => {
    const made = ensureEmbedded({ cacheDir: temporaryFolder(), python: fixture("fake-python", name) });
    await expect(made).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
      hint: expect.stringMatching(hint) as string,
    });
  });

  it("no shared library of Python", async ({ skip }) => {
    const folders = [
      "/usr/lib/x86_64-linux-gnu",
      "/usr/lib64",
      "/usr/lib",
      "/usr/local/lib",
      "/usr/local/lib64",
    ];
    const has = (minor: string): boolean =>
      folders.some((folder) => existsSync(path.join(folder, `libpython3.${minor}.so.1.0`)));
    const minor = ["10", "12", "11"].find((candidate) => !has(candidate));
    if (minor === undefined) return skip("this machine has the libraries of every Python");
    setEnvironment({ FAKE_MINOR: minor });
    const made = ensureEmbedded({
      cacheDir: temporaryFolder(),
      python: fixture("fake-python", "no-libpython"),
    });
    await expect(made).rejects.toMatchObject({
      code: "libpython-missing",
      hint: expect.stringContaining(`apt install libpython3.${minor}`) as string,
    });
  });

  it("a cache folder that is read-only", async ({ skip }) => {
    const cacheDir = ownDisk("ro");
    if (cacheDir === undefined) return skip("only root may mount a read-only disk");
    await expect(ensureEmbedded({ cacheDir })).rejects.toMatchObject({
      code: "cache-unwritable",
      message: expect.stringContaining("EROFS") as string,
      hint: expect.stringContaining("TRIPTYCH_CACHE") as string,
    });
  });

  it("a cache folder that is a file", async () => {
    await expect(ensureEmbedded({ cacheDir: quick })).rejects.toMatchObject({ code: "cache-unwritable" });
  });

  it("a disk that is too small", async ({ skip }) => {
    const cacheDir = ownDisk("size=16m");
    if (cacheDir === undefined) return skip("only root may mount a small disk");
    await expect(ensureEmbedded({ cacheDir })).rejects.toMatchObject({
      code: "disk-full",
      message: expect.stringMatching(/: 16 MB are free, 600 MB are needed$/) as string,
    });
    expect(readdirSync(path.join(cacheDir, "embedded"))).toEqual([]);
  });

  it("a disk that fills up under pip", async ({ skip }) => {
    const cacheDir = ownDisk("size=700m");
    if (cacheDir === undefined) return skip("only root may mount a small disk");
    useQuickPython({
      FAKE_PIP: 'exec 1>&2; head -c 800000000 /dev/zero >"$TMPDIR/wheel"',
      FAKE_SECONDS: "0",
    });
    await expect(ensureEmbedded({ cacheDir, python: quick })).rejects.toMatchObject({ code: "disk-full" });
    expect(readdirSync(path.join(cacheDir, "embedded"))).toEqual([]);
  });

  it("pip that fails, with the end of its log", async () => {
    useQuickPython({ FAKE_PIP: "echo 'ERROR: No matching distribution found for numpy==1.26.4'; exit 1" });
    const made = ensureEmbedded({ cacheDir: temporaryFolder(), python: quick });
    await expect(made).rejects.toMatchObject({
      code: "environment-failed",
      message: expect.stringContaining("No matching distribution found for numpy==1.26.4") as string,
      hint: expect.stringContaining("pip config list") as string,
      details: { reproduce: expect.stringContaining("-m pip install --require-hashes") as string },
    });
  });
});

describe("diagnose", () => {
  it("finds what this machine has", async () => {
    const found = await diagnose({ cacheDir: temporaryFolder() });
    expect(found.map(({ name }) => name)).toEqual([
      "python",
      "cache",
      "disk",
      "shared-memory",
      "docker",
      "gpu",
    ]);
    expect(found[0]).toMatchObject({ name: "python", ok: true });
    expect(found[1]).toMatchObject({ name: "cache", ok: true });
  });

  it("names every fault with its mend", async () => {
    setEnvironment({ PATH: temporaryFolder() });
    const found = await diagnose({ cacheDir: quick });
    const faults = found.filter(({ ok }) => !ok);
    expect(faults.map(({ name }) => name)).toEqual(["python", "cache", "docker", "gpu"]);
    for (const { hint } of faults) expect(hint).toMatch(/\w+/);
  });
});
