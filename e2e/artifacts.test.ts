import { readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { type ArtifactEvent, PASSPORT_SCHEMA, surveyArtifacts } from "../src/engine/index.ts";
import { planPipeline } from "../src/plan/index.ts";
import { parseSpec } from "../src/spec/index.ts";
import { ENGINES, prepareArtifacts } from "./fixtures/artifacts.ts";

const VAE = `${ENGINES}/vae_decoder.fp32.plan`;
const DRAFT = `${ENGINES}/draft_high_noise.distilled-4step.int8.plan`;

describe("a build of all artifacts", () => {
  it("makes each after what it is made from, and has nothing to do the second time", async () => {
    const { build, artifacts, called, options } = prepareArtifacts();
    expect(await build({ only: undefined })).toEqual(artifacts.map(({ id }) => id));
    expect(called()).toEqual(expect.arrayContaining(["export", "record", "quantise"]));
    const events: ArtifactEvent[] = [];
    expect(await build({ only: undefined, onEvent: (event) => events.push(event) })).toEqual([]);
    expect([called(), events]).toEqual([[], []]);
    await expect(surveyArtifacts(artifacts, { places: options.places })).resolves.toMatchObject({
      missing: [],
    });
  });

  it("leaves a passport beside each, with its whole descent", async () => {
    const { build, passport, at } = prepareArtifacts();
    await build();
    const engine = passport(DRAFT);
    expect(engine).toMatchObject({
      version: 1,
      artifact: "draft/highNoise/engine",
      step: { tool: "trtexec", tensorrt: "11.2.1.2", gpu: "a40" },
      inputs: { onnx: { path: "build/832x480x81/draft_high_noise.distilled-4step.int8.onnx" } },
      files: [{ name: "", bytes: readFileSync(at(DRAFT)).length }],
      made: { tools: { trtexec: "11.2.1.2" } },
      engine: { tensorrt: "11.2.1.2", target: "a40", layers: { total: 3, byDatatype: { int8: 2, fp16: 1 } } },
    });
    expect(engine.command).toContain(
      "trtexec --onnx=build/832x480x81/draft_high_noise.distilled-4step.int8.onnx",
    );
    const isPassport = new Ajv({ strict: false, formats: { "date-time": true } }).compile(PASSPORT_SCHEMA);
    const calibration = passport("build/832x480x81/draft.calibration");
    for (const found of [engine, calibration, passport("build/832x480x81/draft.schedule.json")])
      expect([isPassport(found), isPassport.errors]).toEqual([true, null]);
    expect(isPassport({ ...engine, key: "x" })).toBe(false);
    expect(Object.keys(engine.ancestors)).toEqual(
      expect.arrayContaining([
        "draft/schedule",
        "draft/record",
        "draft/highNoise/export",
        "draft/highNoise/quantise",
      ]),
    );
    expect(calibration.made.tools).toEqual({
      python: "3.11.2",
      torch: "2.13.0",
    });
  });

  it("tells what it does, and how far each tool is", async () => {
    const { build } = prepareArtifacts();
    const events: ArtifactEvent[] = [];
    await build({ only: ["vaeDecoder"], onEvent: (event) => events.push(event) });
    expect(events.filter(({ kind }) => kind !== "read")).toMatchObject([
      { kind: "start", index: 1, total: 2, reasons: ["missing"] },
      { kind: "progress", done: 1, total: 2, text: "export under way" },
      { kind: "done" },
      { kind: "start", index: 2 },
      { kind: "progress", text: "reading the graph" },
      { kind: "progress", text: "building" },
      { kind: "progress", text: "loading the engine once" },
      { kind: "done" },
    ]);
  });

  it("makes only what is asked for, with what that is made from", async () => {
    const { build } = prepareArtifacts();
    expect(await build({ only: ["draft/highNoise"] })).toEqual([
      "draft/schedule",
      "draft/record",
      "draft/highNoise/export",
      "draft/highNoise/quantise",
      "draft/highNoise/engine",
    ]);
    await expect(build({ only: ["draft/medium"] })).rejects.toMatchObject({ code: "usage" });
  });
});

describe("what has changed", () => {
  it("is made again, and nothing else", async () => {
    const { build, write, called, reasons } = prepareArtifacts();
    await build();
    called();
    write("weights/vae/config.json", '{"base_dim": 96}');
    expect(await reasons()).toEqual([
      ["vaeDecoder/export", "weights has changed (vae)"],
      ["vaeDecoder/engine", "after vaeDecoder/export"],
    ]);
    expect(await build()).toEqual(["vaeDecoder/export", "vaeDecoder/engine"]);
    expect(called()).toEqual(["export"]);
  });

  it("stops where it makes no difference", async () => {
    const { build, write, called } = prepareArtifacts();
    await build();
    called();
    write("prompts.txt", "a red circle\n# and no more\n");
    const events: ArtifactEvent[] = [];
    // The stand-in hashes the file; a tool that skips comments would record the same.
    expect(await build({ onEvent: (event) => events.push(event) })).toContain("draft/highNoise/engine");
    expect(called()).toEqual(["record", "quantise"]);
    write("weights/model_index.json", "{ }");
    events.length = 0;
    expect(await build({ onEvent: (event) => events.push(event) })).toEqual(["draft/record"]);
    expect(events.flatMap((event) => (event.kind === "skipped" ? [event.artifact.id] : []))).toEqual([
      "draft/highNoise/quantise",
      "draft/highNoise/engine",
    ]);
  });

  it("is not what was only touched: that is read once more", async () => {
    const { build, at } = prepareArtifacts();
    await build();
    utimesSync(at("vae/model.safetensors"), new Date(), new Date());
    const read: string[] = [];
    const onEvent = (event: ArtifactEvent): void => {
      if (event.kind === "read") read.push(path.relative(at("."), event.file));
    };
    expect(await build({ onEvent })).toEqual([]);
    expect(await build({ onEvent })).toEqual([]);
    expect(read).toEqual(["vae/model.safetensors"]);
  });

  it("can be a setting", async () => {
    const { build, folder, spec, options } = prepareArtifacts();
    await build();
    const changed = spec.replace("experts: relay }", "experts: relay, build: { optimizationLevel: 4 } }");
    const { artifacts } = planPipeline(parseSpec(changed, path.join(folder, "spec.yaml")));
    const { artifacts: found } = await surveyArtifacts(artifacts, options);
    const todo = found.filter(({ state }) => state === "to-build");
    expect(todo.map(({ artifact }) => artifact.id).every((id) => id.endsWith("/engine"))).toBe(true);
    expect(todo[0]?.reasons).toEqual(["the settings have changed"]);
    expect(todo).toHaveLength(2);
  });

  it("can be the result itself", async () => {
    const { build, at } = prepareArtifacts();
    await build();
    writeFileSync(at(VAE), "another file");
    expect(await build()).toEqual(["vaeDecoder/engine"]);
    writeFileSync(at(`${VAE}.passport.json`), '{"version": 1, "key"');
    expect(await build()).toEqual(["vaeDecoder/engine"]);
  });
});

describe("what was made on the way", () => {
  it("may be deleted: it is made again only when something needs it", async () => {
    const { build, at, states, called } = prepareArtifacts();
    await build();
    rmSync(at("build"), { recursive: true });
    expect(await build()).toEqual([]);
    expect(await states()).toMatchObject({ "vaeDecoder/export": "spared", "draft/record": "spared" });
    rmSync(at(VAE));
    called();
    expect(await build()).toEqual(["vaeDecoder/export", "vaeDecoder/engine"]);
    expect(called()).toEqual(["export"]);
  });

  it("is not needed at all by who only serves, nor is the checkpoint", async () => {
    const { build, at, states } = prepareArtifacts();
    await build();
    for (const name of ["build", "vae", "text_encoder", "distilled-4step"])
      rmSync(at(name), { recursive: true });
    expect(Object.entries(await states()).filter(([, state]) => state === "to-build")).toEqual([]);
  });
});

describe("recipes of weights", () => {
  const RECIPES = [
    "variants:",
    `weights:
  pruned: { prune: { ffn: 0.3, blocks: 1, score: taylor, rounds: 2, recover: 600 }, samples: { prompts: prompts.txt, shift: 12, steps: 4, each: 8, guidance: { highNoise: 4, lowNoise: 3 } } }
  fast: { from: pruned, distil: { steps: 4 }, samples: { prompts: prompts.txt, shift: 12, steps: 4, guidance: off } }
variants:`,
  ] as const;

  it("are made from one another, and then exported", async () => {
    const { build, called, passport } = prepareArtifacts(RECIPES, [
      "weights: distilled-4step",
      "weights: fast",
    ]);
    const made = await build({ only: ["draft/lowNoise"] });
    expect(made).toEqual([
      "weights/pruned/samples",
      "weights/pruned/highNoise/prune",
      "weights/pruned/lowNoise/prune",
      "weights/fast/samples",
      "weights/fast/distil",
      "draft/schedule",
      "draft/record",
      "draft/lowNoise/export",
      "draft/lowNoise/quantise",
      "draft/lowNoise/engine",
    ]);
    expect(called()).toEqual([
      "teacher",
      "prune",
      "prune",
      "teacher",
      "distil",
      "record",
      "export",
      "quantise",
    ]);
    expect(passport("pruned/transformer").step).toMatchObject({
      words: [
        "{weights}",
        "{output}",
        "--expert",
        "high_noise",
        "--ffn",
        "0.3",
        "--blocks",
        "1",
        "--score",
        "taylor",
        "--rounds",
        "2",
        "--recover",
        "600",
        "--samples",
        "{samples}",
      ],
    });
    expect(await build({ only: ["draft/lowNoise"] })).toEqual([]);
  });
});
