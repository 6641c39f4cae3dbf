import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { inspectEngines } from "../src/engine/index.ts";
import { planPipeline } from "../src/plan/index.ts";
import { parseSpec } from "../src/spec/index.ts";
import { ENGINES, prepareArtifacts } from "./fixtures/artifacts.ts";
import { fixture, setEnvironment } from "./fixtures/machine.ts";

const DRAFT = `${ENGINES}/draft_high_noise.distilled-4step.int8.plan`;
const VAE = `${ENGINES}/vae_decoder.fp32.plan`;

function putGpu(line: string): void {
  setEnvironment({ FAKE_GPU: line, PATH: `${fixture("gpu")}:${process.env["PATH"] ?? ""}` });
}

const A40 = "NVIDIA A40, 8.6, 46068, 570.86.15";

/** Engines of one expert and the VAE as an A40 built them, and what is found out about them. */
async function built() {
  const setup = prepareArtifacts();
  putGpu(A40);
  await setup.build();
  const engines = setup.artifacts.filter(
    ({ path }) => !path.endsWith(".plan") || path === DRAFT || path === VAE,
  );
  const { places } = setup.options;
  return {
    ...setup,
    inspect: async (artifacts = engines) => {
      const found = await inspectEngines(artifacts, places);
      return found.map(({ artifact, status, message }) => `${status} ${artifact}: ${message}`);
    },
    /** The same engines for a spec that says something else. */
    otherSpec: (from: string, to: string) => {
      const text = setup.spec.replace(from, to);
      if (text === setup.spec) throw new TypeError(`no ${from}`);
      const { artifacts } = planPipeline(parseSpec(text, "spec.yaml"));
      return artifacts.filter(({ id }) => id.startsWith("vaeDecoder/"));
    },
  };
}

describe("engines on disk", () => {
  it("are well, with how much of an INT8 engine runs in INT8", async () => {
    const { inspect } = await built();
    expect(await inspect()).toEqual([
      "note target: 26.08 carries TensorRT 11.2.1.2 by others' word, not NVIDIA's",
      "ok draft/highNoise/engine: it is what the spec says",
      "note draft/highNoise/engine: 2 of 3 layers give int8",
      "ok vaeDecoder/engine: it is what the spec says",
    ]);
  });

  it("that another GPU has built will not load here", async () => {
    const { inspect, otherSpec } = await built();
    putGpu("NVIDIA L40S, 8.9, 46068, 570.86.15");
    expect((await inspect()).filter((line) => line.startsWith("fault"))).toEqual(
      ["draft/highNoise/engine", "vaeDecoder/engine"].map(
        (id) =>
          `fault ${id}: it was built on NVIDIA A40 (8.6), and this machine has NVIDIA L40S (8.9): it will not load, or will be slow`,
      ),
    );
    const anywhere = otherSpec(
      "experts: relay }",
      'experts: relay, build: { hardwareCompatibility: "ampere+" } }',
    );
    expect((await inspect(anywhere)).join("\n")).toContain("to run on others (ampere+)");
  });

  it("that another TensorRT has built will not load", async () => {
    const { inspect, otherSpec } = await built();
    const found = await inspect(otherSpec('triton: "26.08"', 'triton: "26.08", tensorrt: 11.1.0.106'));
    expect(found.join("\n")).toContain(
      "it was built by TensorRT 11.2.1.2, and the server (26.08) has 11.1.0.106: it will not load",
    );
    const compatible = otherSpec(
      "experts: relay }",
      "experts: relay, tensorrt: 11.1.0.106, build: { versionCompatible: true } }",
    );
    expect((await inspect(compatible)).join("\n")).not.toContain("it will not load");
  });

  it("may be older than the spec, or not the files that were built", async () => {
    const { inspect, otherSpec, at } = await built();
    const changed = otherSpec("experts: relay }", "experts: relay, build: { optimizationLevel: 5 } }");
    expect(await inspect(changed)).toContain(
      "fault vaeDecoder/engine: the spec has changed since it was built (vaeDecoder/engine)",
    );
    writeFileSync(at(VAE), new Uint8Array([...readFileSync(at(VAE)), 0]));
    expect(await inspect()).toContain("fault vaeDecoder/engine: it has 629 bytes, and 628 when it was built");
  });

  it("may be older than what they are made from: the spec is compared all the way down", async () => {
    const { inspect, spec } = await built();
    const other = spec.replace(
      "calibration: prompts.txt",
      "calibration: prompts.txt, quantise: { smooth: 0.7 }",
    );
    expect(other).not.toBe(spec);
    const { artifacts } = planPipeline(parseSpec(other, "spec.yaml"));
    const some = artifacts.filter(({ id }) => id.startsWith("draft/") && !id.includes("lowNoise"));
    expect(await inspect(some)).toContain(
      "fault draft/highNoise/engine: the spec has changed since it was built (draft/highNoise/quantise)",
    );
  });

  it("fit a release that is told by two numbers, whatever its patch", async () => {
    const { inspect, otherSpec } = await built();
    const minor = otherSpec("experts: relay }", 'experts: relay, tensorrt: "11.2" }');
    expect((await inspect(minor)).join("\n")).not.toContain("it will not load");
  });

  it.each([
    ["step", undefined],
    ["files", [null]],
    ["inputs", { onnx: null }],
    ["made", null],
    ["ancestors", []],
  ])("are of unknown descent with a passport whose %s is %j", async (name, value) => {
    const { inspect, at } = await built();
    const file = at(`${VAE}.passport.json`);
    writeFileSync(
      file,
      JSON.stringify({ ...(JSON.parse(readFileSync(file, "utf8")) as object), [name]: value }),
    );
    const found = (await inspect()).join("\n");
    expect(found).toContain("note vaeDecoder/engine: its passport cannot be read");
    expect(found).not.toContain("ok vaeDecoder/engine");
  });

  it("may have a passport that somebody has changed", async () => {
    const { inspect, at } = await built();
    const file = at(`${VAE}.passport.json`);
    const passport = JSON.parse(readFileSync(file, "utf8")) as { key: string };
    writeFileSync(file, JSON.stringify({ ...passport, key: "0".repeat(64) }));
    expect((await inspect()).join("\n")).toContain(
      "fault vaeDecoder/engine: its passport does not agree with itself",
    );
  });

  it("may be missing, cut short, or of unknown descent", async () => {
    const { inspect, at } = await built();
    rmSync(at(`${DRAFT}.passport.json`));
    truncateSync(at(VAE), 10);
    const found = (await inspect()).join("\n");
    expect(found).toContain(
      "note draft/highNoise/engine: it has no passport: what it was built from is not known",
    );
    expect(found).not.toContain("ok draft/highNoise/engine");
    expect(found).toContain("fault vaeDecoder/engine:");
    expect(found).toContain("it has 10 bytes");
    rmSync(at(VAE));
    expect((await inspect()).join("\n")).toMatch(/fault vaeDecoder\/engine: .*cannot be read: ENOENT/);
  });

  it("are not asked about a GPU where there is no driver", async () => {
    const { inspect } = await built();
    setEnvironment({ FAKE_GPU: "" });
    expect((await inspect()).filter((line) => line.startsWith("fault"))).toEqual([]);
  });
});
