import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { BuildArtifactsOptions } from "../src/engine/index.ts";
import { ENGINES, prepareArtifacts } from "./fixtures/artifacts.ts";
import { safetensors } from "./fixtures/checkpoint.ts";
import { processesWith } from "./fixtures/machine.ts";

const DRAFT = `${ENGINES}/draft_high_noise.distilled-4step.int8.plan`;

/** A weight file whose header is JSON, but a list. */
function listHeader(): Buffer {
  return Buffer.concat([Buffer.from(BigUint64Array.of(5n).buffer), Buffer.from("[1,2]")]);
}

describe("a step that fails", () => {
  it.each([
    ["refuse", "the input is no good"],
    ["crash", "RuntimeError: out of luck"],
    ["nothing", "left no"],
  ] as const)("(%s) says why; the next run goes on from there", async (play, said) => {
    const { build, play: set, called, at } = prepareArtifacts();
    set({ play: { quantise: play } });
    const failure = (await build().catch((reason: unknown) => reason)) as Error;
    expect(failure).toMatchObject({ code: "artifact-failed" });
    expect(failure.message).toContain("draft/highNoise/quantise");
    expect(failure.message).toContain(said);
    expect(existsSync(at(DRAFT))).toBe(false);
    // Whatever is called a passport is one.
    expect(existsSync(`${at(DRAFT)}.passport.json`)).toBe(false);
    called();
    set({});
    expect(await build()).not.toContain("draft/record");
    expect(called()).toEqual(["quantise", "export"]);
  });

  it("tells its hint, its log, and the command to repeat it", async () => {
    const { build, play, at } = prepareArtifacts();
    play({ play: { record: "refuse" } });
    const log = `${at("build/832x480x81/draft.calibration")}.log`;
    await expect(build()).rejects.toMatchObject({
      hint: "give a better one",
      details: {
        logFile: log,
        reproduce: expect.stringContaining("-m triptych_tools.record") as string,
        logTail: expect.stringContaining("1/2 record under way") as string,
      },
    });
    expect(readFileSync(log, "utf8")).toContain("error: the input is no good");
  });

  it("gives back the folder that was there before", async () => {
    const { build, play, write, at } = prepareArtifacts();
    await build();
    const before = readFileSync(at("build/832x480x81/draft.calibration/high_noise.npz"), "utf8");
    write("prompts.txt", "a blue square\n");
    play({ play: { record: "crash" } });
    await expect(build()).rejects.toMatchObject({ code: "artifact-failed" });
    expect(readFileSync(at("build/832x480x81/draft.calibration/high_noise.npz"), "utf8")).toBe(before);
    expect(existsSync(at("build/832x480x81/draft.calibration.old"))).toBe(false);
  });

  it("that does not end is ended when it is cancelled, with every process of it", async () => {
    const { build, play } = prepareArtifacts();
    play({ play: { record: "hang" } });
    const stop = new AbortController();
    const running = build({ signal: stop.signal }).catch((reason: unknown) => reason);
    while (processesWith("# of the tools").length === 0) await sleep(50);
    stop.abort();
    expect(await running).toMatchObject({ code: "cancelled" });
    expect(processesWith("# of the tools")).toEqual([]);
    play({});
    expect(await build()).toContain("draft/record");
  });
});

describe("a builder that was killed", () => {
  it("leaves halves of engines behind, which the next one clears away", async () => {
    const { build, at, write } = prepareArtifacts();
    const half = `${DRAFT}.0b8d9f0e-1111-4222-8333-444455556666.partial`;
    write(`weights/${half}`, "half an engine");
    write(`weights/${DRAFT}.notes.partial`, "somebody's own");
    await build();
    expect(existsSync(at(half))).toBe(false);
    expect(existsSync(at(`${DRAFT}.notes.partial`))).toBe(true);
    // Also of what need not be made again: an engine's size each.
    const layers = `${DRAFT}.layers.json.0b8d9f0e-1111-4222-8333-444455556666.partial`;
    const scripts = `${DRAFT}.4711.partial`;
    for (const name of [half, layers, scripts]) write(`weights/${name}`, "half an engine");
    expect(await build()).toEqual([]);
    expect([half, layers, scripts].map((name) => existsSync(at(name)))).toEqual([false, false, false]);
    expect(existsSync(at(`${DRAFT}.notes.partial`))).toBe(true);
  });
});

describe("two builders", () => {
  it("make each artifact once", async () => {
    const { build, play, called, states } = prepareArtifacts();
    play({ seconds: 0.3 });
    const both = await Promise.all([build(), build()]);
    expect(both.flat().sort()).toEqual(Object.keys(await states()).sort());
    expect(called().sort()).toEqual(["export", "export", "quantise", "record"]);
  });
});

describe("before anything is made", () => {
  const refused = async (
    setup: ReturnType<typeof prepareArtifacts>,
    more: Partial<BuildArtifactsOptions> = {},
  ) => {
    const failure: unknown = await setup.build(more).catch((reason: unknown) => reason);
    expect(setup.called()).toEqual([]);
    return failure;
  };

  it("everything that is missing is named, all at once", async () => {
    const setup = prepareArtifacts();
    for (const name of ["text_encoder", "vae"]) rmSync(setup.at(name), { recursive: true });
    rmSync(path.join(setup.folder, "prompts.txt"));
    expect(await refused(setup)).toMatchObject({
      code: "checkpoint-invalid",
      details: {
        findings: [
          { rule: "missing", path: path.join(setup.folder, "prompts.txt") },
          { rule: "missing", path: setup.at("text_encoder") },
          { rule: "missing", path: setup.at("vae") },
        ],
      },
    });
  });

  it("a checkpoint that is not there at all is told as such", async () => {
    const setup = prepareArtifacts();
    rmSync(setup.checkpoint, { recursive: true });
    expect(await refused(setup)).toMatchObject({ code: "checkpoint-invalid" });
  });

  it("a folder that is not there is not made by looking", async () => {
    const setup = prepareArtifacts();
    rmSync(setup.checkpoint, { recursive: true });
    await setup.states();
    expect(existsSync(setup.checkpoint)).toBe(false);
  });

  it.each(["weights/vae/model.safetensors", "weights/vae/config.json", "prompts.txt"])(
    "a pipe in place of %s is no reason to wait for ever",
    async (name) => {
      const setup = prepareArtifacts();
      const file = path.join(setup.folder, name);
      rmSync(file, { force: true });
      execFileSync("mkfifo", [file]);
      const failure = await refused(setup);
      expect(failure).toMatchObject({ code: "checkpoint-invalid" });
      expect((failure as Error).message).not.toContain("missing");
    },
  );

  it("weights that are cut short, prompts without a prompt, and absent shards are found", async () => {
    const setup = prepareArtifacts();
    setup.write("weights/vae/model.safetensors", safetensors("vae").subarray(0, 20));
    setup.write("weights/text_encoder/x.safetensors.index.json", '{"weight_map": {"a": "two.safetensors"}}');
    setup.write("prompts.txt", "# nothing yet\n\n");
    setup.write("weights/vae/config.json", "{bad");
    setup.write("weights/text_encoder/y.safetensors.index.json", '{"weight_map": 5}');
    setup.write("weights/text_encoder/y.safetensors", listHeader());
    const { details } = (await refused(setup)) as { details: { findings: { message: string }[] } };
    const messages = details.findings.map(({ message }) => message).join("\n");
    expect(messages).toContain("model.safetensors is no whole safetensors file");
    expect(messages).toContain("lacks two.safetensors");
    expect(messages).toContain("vae/config.json cannot be read as JSON");
    expect(messages).toContain("y.safetensors.index.json cannot be read");
    expect(messages).toContain("y.safetensors is no whole safetensors file");
    expect(messages).toContain("prompts.txt holds no prompt");
  });

  it("what somebody else has put there is left alone", async () => {
    const setup = prepareArtifacts();
    setup.write(`weights/${DRAFT}`, "built by hand, for hours");
    expect(await refused(setup)).toMatchObject({
      code: "checkpoint-invalid",
      details: { findings: [{ rule: "foreign", path: setup.at(DRAFT) }] },
    });
    expect(setup.read(`weights/${DRAFT}`)).toBe("built by hand, for hours");
  });

  it("disk and memory are looked at", async () => {
    const failure = await refused(prepareArtifacts(), { ignoreEstimates: false });
    expect(failure).toMatchObject({ code: "resources-short" });
    expect((failure as Error).message).toMatch(/GB of memory, and this machine has/);
  });

  it("a trtexec of another release, or none, is refused", async () => {
    const setup = prepareArtifacts();
    setup.play({}, { version: [10, 16, 0, 72] });
    expect(await refused(setup)).toMatchObject({
      code: "engine-invalid",
      message: "trtexec is of TensorRT 10.16.0.72, and the target has 11.2.1.2",
    });
    const nowhere = { trtexec: { kind: "local", file: "/nowhere/trtexec" } } as const;
    expect(await refused(setup, nowhere)).toMatchObject({ code: "trtexec-missing" });
  });

  it("a Python without the tools' libraries is refused", async () => {
    const setup = prepareArtifacts();
    expect(await refused(setup, { python: "/nowhere/python" })).toMatchObject({ code: "tools-missing" });
    expect(await refused(setup, { python: "false" })).toMatchObject({ code: "tools-missing" });
  });

  it("a container whose TensorRT is not known needs it in the spec", async () => {
    const unknown = prepareArtifacts(['triton: "26.08"', 'triton: "26.09"']);
    expect(await refused(unknown)).toMatchObject({ code: "plan-impossible" });
    const told = prepareArtifacts(['triton: "26.08"', 'triton: "26.09", tensorrt: 11.2.1.2']);
    expect(await told.build({ only: ["vaeDecoder"] })).toHaveLength(2);
  });
});
