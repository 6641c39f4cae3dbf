import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type FakeTools, playTools, TOOLS_PYTHON, TRTEXEC, toyCheckpoint } from "./fixtures/checkpoint.ts";
import { type CliEnd, cli, documentOf, leftovers, startCli } from "./fixtures/cli.ts";
import { processesWith } from "./fixtures/machine.ts";

const ONLY = ["--only", "vaeDecoder,draft/schedule"];

/** A toy checkpoint and the command on it, run from its folder. */
function prepare(tools: FakeTools = {}) {
  const toy = toyCheckpoint();
  playTools(toy.folder, tools);
  const words = [
    "engines",
    "spec.yaml",
    "--python",
    TOOLS_PYTHON,
    "--trtexec",
    TRTEXEC,
    "--ignore-estimates",
  ];
  return {
    ...toy,
    words,
    run: (...more: readonly string[]): Promise<CliEnd> => cli([...words, ...more], { cwd: toy.folder }),
    plain: (...more: readonly string[]): Promise<CliEnd> => cli(more, { cwd: toy.folder }),
  };
}

describe("triptych engines", () => {
  it("tells what it would make, makes it, and then has nothing to do", async () => {
    const { run, checkpoint } = prepare();
    const dry = await run(...ONLY, "--dry-run");
    expect(dry).toMatchObject({ code: 0, stderr: "" });
    expect(dry.stdout).toMatch(/^vaeDecoder\/engine +to build +~293\.2 MB +missing +engines\/a40-26\.08\//m);
    expect(dry.stdout).toMatch(/^to make: about .* free on disk, and up to .* of memory$/m);
    expect(existsSync(path.join(checkpoint, "engines"))).toBe(false);
    const made = await run(...ONLY);
    expect(made.code).toBe(0);
    expect(made.stderr).toContain("[1/3] draft/schedule: missing");
    expect(made.stdout).toMatch(/^vaeDecoder\/engine +628 B +\d+\.\d s$/m);
    const again = await run(...ONLY);
    expect(again).toEqual({
      code: 0,
      signal: null,
      stdout: "",
      stderr: "wan2.2-t2v-a14b: all artifacts are up to date\n",
    });
    expect((await run(...ONLY, "--dry-run")).stdout).toContain("\nnothing to do\n");
    expect(leftovers(checkpoint)).toEqual([]);
  });

  it("gives one JSON document for each of its answers", async () => {
    const { run, checkpoint, write } = prepare();
    expect(documentOf(await run(...ONLY, "--dry-run", "--json"))).toMatchObject({
      artifacts: [
        { id: "draft/schedule", state: "to-build", reasons: ["missing"] },
        { id: "vaeDecoder/export" },
        { id: "vaeDecoder/engine" },
      ],
      missing: [],
    });
    expect(documentOf(await run(...ONLY, "--json"))).toMatchObject({
      made: [{ artifact: "draft/schedule" }, {}, {}],
    });
    expect(documentOf(await run(...ONLY, "--json"))).toEqual({ made: [] });
    expect(documentOf(await run("--script", "build.sh", "--json"))).toEqual({ script: "build.sh" });
    write("weights/vae/config.json", "{ }");
    write("weights/vae/model.safetensors", "half");
    const failed = await run(...ONLY, "--json");
    expect(failed.code).toBe(2);
    expect(documentOf(failed)).toMatchObject({ error: { code: "checkpoint-invalid" } });
    expect(leftovers(checkpoint)).toEqual([]);
  });

  it("writes a script, to a file or to stdout", async () => {
    const { run, folder } = prepare();
    const told = await run("--script", "build.sh");
    expect(told).toMatchObject({
      code: 0,
      stdout: "",
      stderr: "wrote build.sh; run it with: bash build.sh\n",
    });
    const { stdout } = await run("--script", "-");
    expect(stdout).toBe(readFileSync(path.join(folder, "build.sh"), "utf8"));
  });

  it("names what went wrong, with the end of the log and the command to repeat it", async () => {
    const { run } = prepare({ play: { export: "refuse" } });
    const { code, stderr } = await run(...ONLY);
    expect(code).toBe(3);
    expect(stderr).toContain("error[artifact-failed]: vaeDecoder/export was not made: the input is no good");
    expect(stderr).toContain("| 1/2 export under way");
    expect(stderr).toMatch(/ {2}to repeat it: env PYTHONPATH=.* -m triptych_tools\.export vae-decoder /);
    expect(stderr).toContain("→ give a better one");
  });

  it("refuses an artifact that is none, and says which there are", async () => {
    const { run } = prepare();
    const { code, stderr } = await run("--only", "draft/mediumNoise");
    expect(code).toBe(2);
    expect(stderr).toContain("draft/highNoise/quantise");
  });

  it("ends with every process of a step when it is interrupted, and goes on later", async () => {
    const { words, folder, run, checkpoint } = prepare({ play: { export: "hang" } });
    const started = startCli([...words, ...ONLY], { cwd: folder });
    onTestFinished(() => {
      started.child.kill("SIGKILL");
    });
    await expect.poll(() => processesWith("# of the tools").length, { timeout: 20_000 }).toBeGreaterThan(0);
    started.child.kill("SIGINT");
    expect(await started.ended).toMatchObject({ code: 130 });
    expect(processesWith("# of the tools")).toEqual([]);
    expect(leftovers(checkpoint)).toEqual([]);
    playTools(folder);
    expect((await run(...ONLY)).code).toBe(0);
  });

  it("is looked after by the doctor", async () => {
    const { run, plain, write, spec } = prepare();
    await run("--only", "vaeDecoder");
    const well = await plain("doctor", "spec.yaml");
    expect(well.stdout).toContain("ok    vaeDecoder/engine: it is what the spec says");
    expect(well.stdout).toMatch(/FAULT draft\/highNoise\/engine: .* cannot be read: ENOENT/);
    write("spec.yaml", replaced(spec));
    const stale = await plain("doctor", "spec.yaml");
    expect(stale.stdout).toContain(
      "FAULT vaeDecoder/engine: the spec has changed since it was built (vaeDecoder/engine)",
    );
    expect(stale.code).toBe(1);
  });
});

/** The spec with another setting for the builder. */
function replaced(spec: string): string {
  return spec.replace("experts: relay }", "experts: relay, build: { optimizationLevel: 5 } }");
}
