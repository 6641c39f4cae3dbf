import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { planPipeline } from "../../plan/index.ts";
import { parseSpec } from "../../spec/index.ts";
import { importRepository } from "./import.ts";
import { config, rendered, write } from "./testing.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "triptych-import-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("a repository of Triptych's", () => {
  it.each(["wan-tiny", "wan2.2-t2v-a14b", "wan-tiny-light"])("of %s gives its spec back", async (name) => {
    const place = await write(config(name), folder);
    const found = await importRepository(place);
    expect(found).toMatchObject({ gaps: [], incomplete: [], spec: { losses: [] } });
    expect([...rendered(found.spec?.text ?? "")]).toEqual([...rendered(config(name))]);
    const { contract } = planPipeline(parseSpec(config(name), name));
    expect(found.contract).toEqual(JSON.parse(JSON.stringify(contract)));
  });

  it("gives a spec that a person may read, with what had to be assumed", async () => {
    const { spec } = await importRepository(await write(config("wan-tiny"), folder));
    expect(spec?.text).toMatchInlineSnapshot(`
      "# Made by \`triptych import\`. A repository does not tell where its checkpoint is (default ../models/<name>), nor
      # how weights were made: quantise, passes, recipes below weights:, tensorrt: and build:. Add what you know.
      # Assumed: variants.draft.experts.calibration (a repository does not hold the prompts of a calibration).

      version: 1
      name: wan-tiny
      family: wan-tiny
      video: { width: 64, height: 64, frames: 17, fps: 8 }
      target: { runtime: onnxruntime, triton: embedded, experts: resident }
      stages:
        textEncoder: { precision: fp32 }
        vaeDecoder: { precision: fp16 }
        videoEncoder: { codec: h264, crf: 12, enlarge: 4 }
      variants:
        final:
          experts: { precision: fp16 }
          sampler:
            solver: unipc
            steps: [ 20, 10, 30 ]
            shift: 5
            boundary: 0.875
            guidance: { highNoise: 2, lowNoise: 1.5 }
        draft:
          experts: { precision: int8, weights: distilled-4step, calibration: calibration/wan-tiny.txt }
          sampler: { solver: euler, steps: [ 4 ], shift: 5, boundary: 0.875, guidance: off }
      "
    `);
    expect(spec?.assumed.map(({ path }) => path)).toEqual(["variants.draft.experts.calibration"]);
  });

  it("is not bothered by what Python and the linking of weights leave there", async () => {
    const place = await write(config("wan-tiny"), folder);
    mkdirSync(join(place, "python/triptych_runtime/__pycache__"));
    writeFileSync(join(place, "models/vae_decoder/1/model.onnx"), "weights");
    writeFileSync(join(place, "models/vae_decoder/1/model.onnx.passport.json"), "{}");
    expect((await importRepository(place)).spec?.losses).toEqual([]);
  });
});

describe("a repository of somebody's", () => {
  const model = (name: string, text: string): void => {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, "config.pbtxt"), text);
  };

  it("has a contract, and says what it lacks for a spec", async () => {
    model("resize", 'backend: "python" output { name: "Y" data_type: TYPE_FP32 dims: 1 }');
    const { contract, spec, gaps } = await importRepository(folder, { name: "mine" });
    expect(contract).toMatchObject({ pipeline: "mine", variants: {}, models: { resize: { inputs: [] } } });
    expect(spec).toBeUndefined();
    expect(gaps.map(({ place }) => place)).toEqual([
      "models",
      "models/tokenizer/config.pbtxt",
      "models/text_encoder/config.pbtxt",
      "models/vae_decoder/config.pbtxt",
      "models/video_encoder/config.pbtxt",
      "repository.json",
    ]);
  });

  it("that is only the models of ours is sent one folder up", async () => {
    const place = await write(config("wan-tiny"), folder);
    const { gaps } = await importRepository(join(place, "models"));
    expect(gaps).toMatchObject([{ place: "repository.json", got: `nothing; name ${place} instead` }]);
  });

  it.each([
    ["crf is out of range", "models/video_encoder/config.pbtxt", '"12"', '"99"', /crf/],
    ["the name is none", "repository.json", '"pipeline": "wan-tiny"', '"pipeline": "../x"', /name/],
    ["the release is no text", "repository.json", '"triton": "embedded"', '"triton": {}', /triton/],
    [
      "a schedule has a billion steps",
      "models/final_denoiser/1/schedule.json",
      '"steps": 20',
      '"steps": 1000000000',
      /steps/,
    ],
    [
      "weights are called otherwise",
      "repository.json",
      "onnx/text_encoder.fp32.onnx",
      "text.onnx",
      /text\.onnx/,
    ],
    [
      "no family has such a text",
      "models/text_encoder/config.pbtxt",
      "dims: [ 2, 32, 96 ]",
      "dims: [ 2, 32, 95 ]",
      undefined,
    ],
  ])("where %s, has no spec or tells it", async (_, file, from, to, said) => {
    const place = await write(config("wan-tiny"), folder);
    const path = join(place, file);
    writeFileSync(path, readFileSync(path, "utf8").replace(from, to));
    const { spec, gaps } = await importRepository(place);
    if (said === undefined) expect(spec?.losses).toMatchObject([{ file, got: "95" }]);
    else expect(gaps.map(({ place: at, got }) => `${at} ${got}`).join("\n")).toMatch(said);
  });

  it.each(["models", "models/vae_decoder", "models/vae_decoder/config.pbtxt"])(
    "with a link out of it at %s is refused, unless links are followed",
    async (path) => {
      const place = await write(config("wan-tiny"), folder);
      const elsewhere = await write(config("wan-tiny"), folder);
      rmSync(join(place, path), { recursive: true });
      symlinkSync(join(elsewhere, path), join(place, path));
      await expect(importRepository(place)).rejects.toMatchObject({
        code: "usage",
        details: { findings: [{ rule: "outside" }] },
      });
      expect((await importRepository(place, { followLinks: true })).spec?.losses).toEqual([]);
    },
  );

  it.each([
    [
      "broken JSON",
      (path: string) => {
        writeFileSync(path, "{");
      },
      "text that is no JSON",
    ],
    [
      "a list",
      (path: string) => {
        writeFileSync(path, "[".repeat(9999));
      },
      "text that is no JSON",
    ],
    [
      "no object",
      (path: string) => {
        writeFileSync(path, "[]");
      },
      "JSON that is no object",
    ],
    ["a pipe", (path: string) => execFileSync("mkfifo", [path]), "what cannot be read (no file)"],
    [
      "a link out of it",
      (path: string) => {
        symlinkSync(mkdtempSync(join(folder, "x")), path);
      },
      "what cannot be read (a link out of the folder)",
    ],
  ])("with %s as its manifest says so", async (_, put, got) => {
    const place = await write(config("wan-tiny"), folder);
    rmSync(join(place, "repository.json"));
    put(join(place, "repository.json"));
    const { gaps } = await importRepository(place);
    expect(gaps).toMatchObject([{ place: "repository.json", got }]);
  });

  it("with a dim beyond what a contract holds says which, and does not blame Triton", async () => {
    model("m", 'backend: "python" input { name: "X" data_type: TYPE_FP32 dims: 9223372036854775807 }');
    await expect(importRepository(folder)).rejects.toMatchObject({
      message: expect.not.stringContaining("Triton") as string,
      details: {
        findings: [{ message: expect.stringContaining("a dim of 9223372036854775807;") as string }],
      },
    });
  });

  it("with a link out of it in place of another file tells that it was not read", async () => {
    const place = await write(config("wan-tiny"), folder);
    const file = "models/final_denoiser/1/schedule.json";
    rmSync(join(place, file));
    symlinkSync("/etc/passwd", join(place, file));
    const { spec } = await importRepository(place);
    expect(spec?.losses).toMatchObject([{ file, got: "a link out of the folder" }]);
  });

  it("with garbage or too much for a configuration is refused with all findings", async () => {
    model("a", "\u0000\u0001");
    model("b", "x".repeat(5 * 1024 * 1024));
    await expect(importRepository(folder)).rejects.toMatchObject({
      code: "usage",
      details: { findings: [{ message: expect.stringContaining("5242880 bytes") as string }] },
    });
    rmSync(join(folder, "b"), { recursive: true });
    await expect(importRepository(folder)).rejects.toMatchObject({ code: "model-config-syntax" });
  });
});
