import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type BuildOptions, type BuiltEngine, buildEngine } from "../src/engine/index.ts";
import type { EngineBuildConfig } from "../src/tensorrt/index.ts";
import { compilePrograms } from "./fixtures/compiled.ts";
import { fixture, isRunning, processesWith, setEnvironment, temporaryFolder } from "./fixtures/machine.ts";

interface Fake {
  readonly play?: string;
  readonly version?: readonly number[];
  readonly seconds?: number;
}

const trtexec = { kind: "local", file: fixture("bin", "trtexec") } as const;

/** A folder with a build in it, played by the fake trtexec. */
function prepare(fake: Fake = {}) {
  const folder = temporaryFolder();
  const calls = path.join(folder, "calls");
  setEnvironment({ FAKE_TRTEXEC: JSON.stringify({ ...fake, calls }) });
  const config: EngineBuildConfig = {
    tensorrt: "11.1.0.106",
    onnx: "model.onnx",
    engine: path.join(folder, "engines", "model.plan"),
    layerInfo: path.join(folder, "engines", "model.plan.layers.json"),
  };
  return {
    config,
    calls: () => (existsSync(calls) ? readFileSync(calls, "utf8").trim().split("\n").length : 0),
    /** What lies in the folder of the engine beside its log. */
    left: () => readdirSync(path.dirname(config.engine)).filter((name) => !name.endsWith(".log")),
    build: (options: BuildOptions = {}): Promise<BuiltEngine> => buildEngine(config, { trtexec, ...options }),
  };
}

describe("a build", () => {
  it("gives the engine its name, and tells what trtexec told", async () => {
    const { build, config, left } = prepare({ play: "warn" });
    const events: string[] = [];
    const built = await build({ onEvent: (event) => events.push(event.kind) });
    expect(left()).toEqual(["model.plan", "model.plan.layers.json"]);
    expect(built.version).toEqual({ major: 11, minor: 1, patch: 0, build: 106 });
    expect(built.bytes).toBe(readFileSync(config.engine).length);
    expect(built.warnings).toEqual(["Some weights are too small for FP16."]);
    expect(events).toEqual(expect.arrayContaining(["version", "phase", "built", "warning"]));
    expect(readFileSync(built.logFile, "utf8")).toContain("Engine built in 1.5 sec.");
  });

  it.each([
    ["memory", "engine-build-failed", "OutOfMemory (requested 30 GiB)"],
    ["unknown", "engine-build-failed", "Unknown option: --stronglyTyped"],
    ["full", "engine-build-failed", "Saving engine to file failed."],
    ["crash", "engine-build-failed", "SIGSEGV"],
    ["empty", "engine-invalid", "it has 0 bytes"],
    ["nothing", "engine-invalid", "wrote no"],
    ["header_only", "engine-invalid", "it ends with its header"],
    ["foreign", "engine-invalid", "it begins with 0x616e227b"],
    ["invent", "engine-invalid", "Dynamic dimensions required for input: text"],
  ])("that goes wrong (%s) leaves nothing, and says why; a second one mends it", async (play, code, said) => {
    const { build, left } = prepare({ play });
    const failure = (await build().catch((reason: unknown) => reason)) as Error;
    expect(failure).toMatchObject({ code });
    expect(failure.message).toContain(said);
    expect(left()).toEqual([]);
    setEnvironment({ FAKE_TRTEXEC: "{}" });
    await build();
    expect(left()).toEqual(["model.plan", "model.plan.layers.json"]);
  });

  it.each(["memory", "empty"])(
    "tells of a failed run (%s) where its log is and how to repeat it",
    async (play) => {
      const { build, config } = prepare({ play });
      await expect(build()).rejects.toMatchObject({
        details: {
          logFile: `${config.engine}.log`,
          reproduce: expect.stringContaining("--onnx=model.onnx") as string,
        },
      });
    },
  );

  it("shows the end of what trtexec said", async () => {
    const { build } = prepare({ play: "memory" });
    await expect(build()).rejects.toMatchObject({
      details: { logTail: expect.stringContaining("OutOfMemory") as string },
    });
  });

  it("keeps the engine that was there when a new one fails", async () => {
    const { build, config } = prepare();
    await build();
    const before = readFileSync(config.engine);
    setEnvironment({ FAKE_TRTEXEC: '{"play": "memory"}' });
    await expect(build()).rejects.toMatchObject({ code: "engine-build-failed" });
    expect(readFileSync(config.engine)).toEqual(before);
  });

  it.each([[[11, 2, 1, 2]], [[10, 16, 0, 72]], [[11, 1, 0, 107]]])(
    "by another release (%j) is not accepted",
    async (version) => {
      const { build, left } = prepare({ version });
      await expect(build()).rejects.toMatchObject({
        code: "engine-invalid",
        message: `trtexec is of TensorRT ${version.join(".")}, and the target has 11.1.0.106`,
      });
      expect(left()).toEqual([]);
    },
  );

  it("for a minor takes any patch of it", async () => {
    const { config } = prepare({ version: [11, 1, 3, 9] });
    await expect(buildEngine({ ...config, tensorrt: "11.1" }, { trtexec })).resolves.toMatchObject({
      version: { patch: 3 },
    });
  });

  it("is refused before trtexec runs, for what its release does not know", async () => {
    const { config, calls } = prepare();
    const old: EngineBuildConfig = { ...config, tensorrt: "10.3", maxTactics: 2 };
    await expect(buildEngine(old, { trtexec })).rejects.toMatchObject({ code: "plan-impossible" });
    expect(calls()).toBe(0);
    expect(existsSync(path.dirname(config.engine))).toBe(false);
  });

  it("needs trtexec, and a folder to write to", async () => {
    const { build, config } = prepare();
    await expect(build({ trtexec: { kind: "local", file: "/nowhere/trtexec" } })).rejects.toMatchObject({
      code: "trtexec-missing",
    });
    writeFileSync(path.join(path.dirname(path.dirname(config.engine)), "file"), "");
    const below = path.join(path.dirname(path.dirname(config.engine)), "file", "model.plan");
    await expect(buildEngine({ ...config, engine: below }, { trtexec })).rejects.toMatchObject({
      code: "output-unwritable",
    });
  });
});

describe("a build that does not end", () => {
  const helpers = (): number[] => processesWith("# of trtexec");

  it.each([
    ["is ended when its time is up", { timeoutMs: 1000 }, "process-timeout"],
    ["is ended when it is cancelled", { signal: AbortSignal.timeout(1000) }, "cancelled"],
  ])("%s, with every process of it", async (_, options, code) => {
    const { build, left } = prepare({ play: "hang" });
    await expect(build(options)).rejects.toMatchObject({ code });
    expect(left()).toEqual([]);
    expect(helpers()).toEqual([]);
  });

  it("is ended at once where trtexec is of another release", async () => {
    const { build, left } = prepare({ play: "hang", version: [10, 16, 0, 72] });
    await expect(build()).rejects.toMatchObject({ code: "engine-invalid" });
    expect(left()).toEqual([]);
    expect(helpers()).toEqual([]);
  });

  it("leaves nothing that is taken for an engine when the builder is killed, and the next one builds", async () => {
    const { build, config, left } = prepare({ play: "hang" });
    const programs = await compilePrograms();
    const owner = spawn(process.execPath, [
      path.join(programs, "build-engine.js"),
      JSON.stringify({ config, options: { trtexec } }),
    ]);
    while (helpers().length === 0) await sleep(50);
    owner.kill("SIGKILL");
    await sleep(200);
    expect(existsSync(config.engine)).toBe(false);
    for (const pid of processesWith(config.engine).filter(isRunning)) process.kill(pid, "SIGKILL");
    for (const pid of helpers()) process.kill(pid, "SIGKILL");
    setEnvironment({ FAKE_TRTEXEC: "{}" });
    await build();
    expect(left()).toContain("model.plan");
  });
});

describe("two builders of one engine", () => {
  it("take turns", async () => {
    const { build, calls, left } = prepare({ seconds: 1 });
    let waited = 0;
    const onWait = (): void => {
      waited += 1;
    };
    const both = await Promise.all([build({ onWait }), build({ onWait })]);
    expect(waited).toBe(1);
    expect(calls()).toBe(2);
    expect(both.map(({ bytes }) => bytes)).toEqual([628, 628]);
    expect(left()).toEqual(["model.plan", "model.plan.layers.json"]);
  });
});
