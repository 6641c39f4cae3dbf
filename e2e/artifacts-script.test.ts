import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { type ArtifactEvent, artifactScript } from "../src/engine/index.ts";
import { ENGINES, prepareArtifacts, SOME } from "./fixtures/artifacts.ts";
import { safetensors, TOOLS_PYTHON, TRTEXEC } from "./fixtures/checkpoint.ts";
import { leftovers } from "./fixtures/cli.ts";

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function runScript(file: string, env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const all = { ...process.env, PYTHON: TOOLS_PYTHON, TRTEXEC, ...env };
  try {
    return { code: 0, ...(await promisify(execFile)("bash", [file], { env: all, encoding: "utf8" })) };
  } catch (error) {
    return error as Ended;
  }
}

async function prepareScript(spec = "spec.yaml") {
  const setup = prepareArtifacts();
  const { places } = setup.options;
  const file = path.join(setup.folder, "build.sh");
  writeFileSync(file, await artifactScript(setup.artifacts, { places, only: SOME, spec }));
  return { ...setup, file, run: (env?: Readonly<Record<string, string>>) => runScript(file, env) };
}

describe("the script", () => {
  it("makes what the command makes, and each takes the other's work for done", async () => {
    const { run, build, states, called, at, passport } = await prepareScript();
    expect(await run()).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("== vaeDecoder/engine") as string,
    });
    expect(Object.values(await states())).toEqual(Array.from({ length: 7 }, () => "current"));
    called();
    expect(await build()).toEqual([]);
    const sealed = passport(`${ENGINES}/vae_decoder.fp32.plan`);
    rmSync(at(`${ENGINES}/vae_decoder.fp32.plan`));
    await build();
    const own = passport(`${ENGINES}/vae_decoder.fp32.plan`);
    const { made, engine, ...rest } = own;
    expect(sealed).toMatchObject(rest);
    expect([sealed.made.tools, sealed.engine]).toEqual([
      made.tools,
      { ...engine, seconds: expect.any(Number) as number },
    ]);
    expect(await run()).toMatchObject({ code: 0, stdout: "all artifacts are up to date\n" });
    expect(called()).toEqual([]);
    // Both remember digests in one place: neither reads what the other has read.
    const read: ArtifactEvent[] = [];
    await build({ onEvent: (event) => read.push(event) });
    expect(read).toEqual([]);
  });

  it("makes again what has changed, and spares what nothing needs", async () => {
    const { run, write, at, called, states } = await prepareScript();
    await run();
    called();
    rmSync(at("build"), { recursive: true });
    expect((await run()).stdout).toBe("all artifacts are up to date\n");
    write("weights/vae/config.json", '{"base_dim": 96}');
    const { stdout } = await run();
    expect(stdout.match(/^== .*/gm)).toEqual(["== vaeDecoder/export", "== vaeDecoder/engine"]);
    expect(called()).toEqual(["export"]);
    expect(Object.values(await states())).not.toContain("to-build");
  });

  it("and the command make each artifact once where they run side by side", async () => {
    const { run, build, play, called, states, checkpoint } = await prepareScript();
    play({ seconds: 1 });
    const [ended] = await Promise.all([run(), build()]);
    expect(ended.code).toBe(0);
    expect(called().sort()).toEqual(["export", "export", "quantise", "record"]);
    expect(Object.values(await states())).not.toContain("to-build");
    expect(leftovers(checkpoint)).toEqual([]);
  });

  it("works on a checkpoint elsewhere", async () => {
    const { run, folder, checkpoint, called } = await prepareScript();
    const other = path.join(folder, "it's other");
    mkdirSync(other);
    cpSync(checkpoint, path.join(other, "weights"), { recursive: true });
    expect(await run({ CHECKPOINT: path.join(other, "weights") })).toMatchObject({ code: 0 });
    expect(called()).toHaveLength(4);
    expect(existsSync(path.join(other, "weights", ENGINES, "vae_decoder.fp32.plan"))).toBe(true);
    expect(existsSync(path.join(checkpoint, ENGINES))).toBe(false);
  });

  it("brings the tools along, and nothing of Node", async () => {
    const { file } = await prepareScript();
    const text = readFileSync(file, "utf8");
    expect(text).toContain("tools/triptych_tools/quantise.py");
    expect(text).toContain("tools/triptych_runtime/schedule.py");
    expect(text).not.toMatch(/wan_tiny\/train|dist\/cli|"\$NODE"/);
  });

  it("says the name of the spec in a comment, whatever it is", async () => {
    const { file } = await prepareScript("a\ntouch PWNED\r\u2028#.yaml");
    expect(readFileSync(file, "utf8").split(/\r|\n|\u2028/)[1]).toContain(
      "engines a?touch PWNED??#.yaml --script",
    );
  });

  it.each([
    [{ play: "nothing" }, 3, "was not built"],
    [{ play: "memory" }, 3, "was not built"],
    [{ play: "empty" }, 3, "is no TensorRT plan"],
    [{ play: "invent" }, 3, "was not built"],
    [{ version: [10, 16, 0, 72] }, 2, "trtexec is of TensorRT 10.16.0.72, and the target has 11.2.1.2"],
  ])("takes nothing half-made for an engine (%j)", async (trtexec, code, said) => {
    const { run, play, at } = await prepareScript();
    play({}, trtexec);
    const ended = await run();
    expect(ended.code).toBe(code);
    expect(ended.stdout + ended.stderr).toContain(said);
    expect(existsSync(at(`${ENGINES}/draft_high_noise.distilled-4step.int8.plan`))).toBe(false);
    play({});
    expect(await run()).toMatchObject({ code: 0 });
  });

  it("names what is missing before it begins, and ends where a tool fails", async () => {
    const { run, play, at, called, write } = await prepareScript();
    play({ play: { quantise: "refuse" } });
    expect(await run()).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("draft/highNoise/quantise") as string,
    });
    expect(called()).toEqual(["record", "export", "quantise"]);
    play({});
    write("weights/vae/model.safetensors", safetensors("vae").subarray(0, 20));
    expect(await run()).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("no whole safetensors") as string,
    });
    write("prompts.txt", "# none\n");
    expect(await run()).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("holds no prompt") as string,
    });
    expect(await run({ TRTEXEC: "/nowhere/trtexec" })).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("was not found") as string,
    });
    rmSync(at("vae"), { recursive: true });
    expect(await run()).toMatchObject({ code: 2, stderr: expect.stringContaining(at("vae")) as string });
    expect(called()).toEqual([]);
  });
});
