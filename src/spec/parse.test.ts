import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isTriptychError } from "../errors/index.ts";
import { parseSpec } from "./parse.ts";

const TINY = readFileSync(new URL("../../configs/wan-tiny.yaml", import.meta.url), "utf8");

function findingsOf(text: string): string[] {
  try {
    parseSpec(text, "x.yaml");
  } catch (error) {
    if (!isTriptychError(error)) throw error;
    return (error.details.findings ?? []).map(
      (f) => `${f.position?.line ?? 0}:${f.position?.column ?? 0} ${f.rule} ${f.message} | ${f.hint ?? ""}`,
    );
  }
  return [];
}

describe("parseSpec", () => {
  it("reads both shipped specs", () => {
    const giant = readFileSync(new URL("../../configs/wan2.2-t2v-a14b.yaml", import.meta.url), "utf8");
    expect(parseSpec(TINY, "t").variants["draft"]?.sampler.guidance).toBe("off");
    expect(parseSpec(giant, "g").variants["final"]?.sampler.steps).toEqual([40, 50]);
  });

  it("names an unknown key with its place and the likely one", () => {
    expect(findingsOf(TINY.replace("boundary: 0.875\n", "boundry: 0.875\n"))).toMatchInlineSnapshot(`
      [
        "15:5 missing-key variants.final.sampler: missing key "boundary" | add "boundary:" here",
        "19:7 unknown-key variants.final.sampler.boundry: unknown key "boundry" | did you mean "boundary"?",
      ]
    `);
  });

  it.each([
    ["version: 1", "version: 2", "version: expected 1, got 2"],
    ["shift: 5", "shift: .nan", "shift: "],
    ["triton: embedded", "triton: {}", "triton: must match"],
    ["triton: embedded", "triton: { a: 1 }", "triton: must match"],
    ["weights: distilled-4step", "weights: ../../etc", "weights: must match pattern"],
    ["  draft:", "  server:", '"server" is taken by the client'],
    ["  draft:", "  metrics:", '"metrics" is taken by the client'],
    ["  draft:", "  then:", '"then" is taken by the client'],
    ["  draft:", "  vae_decoder:", '"vae_decoder" is taken by a model'],
  ])("refuses %s written as %s", (from, to, message) => {
    expect(TINY).toContain(from);
    expect(findingsOf(TINY.replace(from, to)).join("\n")).toContain(message);
  });

  it("says that a spec is one document", () => {
    expect(findingsOf(`${TINY}---\n${TINY}`).join("\n")).toContain("several YAML documents; one is expected");
  });

  it("refuses a missing shift", () => {
    expect(findingsOf(TINY.replace("      shift: 5\n", ""))).toMatchInlineSnapshot(`
      [
        "15:5 missing-key variants.final.sampler: missing key "shift" | write the flow shift the weights were made for; schedulers' configs disagree about it, so it is never assumed",
      ]
    `);
  });

  it("refuses guidance by position", () => {
    expect(
      findingsOf(TINY.replace("{ highNoise: 2.0, lowNoise: 1.5 }", "[2.0, 1.5]")),
    ).toMatchInlineSnapshot(`
      [
        "20:7 guidance variants.final.sampler.guidance: expected off or { highNoise: …, lowNoise: … }, got the list [2,1.5] | guidance is named by expert, never by position: programs disagree about the order",
      ]
    `);
  });

  it("refuses guidance with a misspelt expert", () => {
    expect(findingsOf(TINY.replace("lowNoise: 1.5", "lowNoize: 1.5"))).toMatchInlineSnapshot(`
      [
        "20:7 missing-key variants.final.sampler.guidance: missing key "lowNoise" | add "lowNoise:" here",
        "20:35 unknown-key variants.final.sampler.guidance.lowNoize: unknown key "lowNoize" | did you mean "lowNoise"?",
      ]
    `);
  });

  it("reports several mistakes at once, each with its place", () => {
    const text = TINY.replace("width: 64", "width: 60")
      .replace("frames: 17", "frames: 18")
      .replace("fps: 8", 'fps: "8"');
    expect(findingsOf(text)).toMatchInlineSnapshot(`
      [
        "6:10 size video.width: 60 is not a multiple of 16 | the nearest are 48 and 64",
        "6:10 tiny-video video.width: wan-tiny is trained for width 64 only, got 60 | write width: 64",
        "6:33 frames video.frames: 18 is not of the form 4n+1 | the nearest are 17 and 21",
        "6:33 tiny-video video.frames: wan-tiny is trained for frames 17 only, got 18 | write frames: 17",
        "6:45 wrong-type video.fps: expected integer, got "8" | ",
      ]
    `);
  });

  it("refuses a wrong choice, a wrong type and a doubled key", () => {
    expect(findingsOf(TINY.replace("solver: unipc", "solver: unipcc"))).toMatchInlineSnapshot(`
      [
        "16:7 not-one-of variants.final.sampler.solver: expected one of euler, unipc, dpmpp2m, got "unipcc" | did you mean "unipc"?",
      ]
    `);
    expect(findingsOf(TINY.replace("steps: [20, 10, 30]", "steps: 20"))).toMatchInlineSnapshot(`
      [
        "17:7 wrong-type variants.final.sampler.steps: expected array, got 20 | ",
      ]
    `);
    expect(findingsOf(TINY.replace("version: 1", "version: 1\nversion: 1"))).toMatchInlineSnapshot(`
      [
        "3:1 duplicate-key Map keys must be unique | ",
      ]
    `);
  });

  it("refuses int8 without calibration and TensorRT on the embedded server", () => {
    const text = TINY.replace(", calibration: calibration/wan-tiny.txt", "").replace(
      "onnxruntime",
      "tensorrt",
    );
    expect(findingsOf(text)).toMatchInlineSnapshot(`
      [
        "7:11 runtime target.runtime: the embedded server has no TensorRT backend | write runtime: onnxruntime, or a container release such as triton: "26.08"",
        "22:16 calibration variants.draft.experts.precision: int8 needs calibration prompts | add calibration: with a file of prompts, one a line, for the activation ranges",
      ]
    `);
  });

  it("refuses a variant that takes the name of a model, and odd names", () => {
    expect(findingsOf(TINY.replace("  draft:", "  final_stream:"))).toMatchInlineSnapshot(`
      [
        "21:3 variant-name variants.final_stream: "final_stream" is taken by a model | choose another name, such as final or draft",
      ]
    `);
    expect(findingsOf(TINY.replace("  draft:", "  ../draft:"))).toMatchInlineSnapshot(`
      [
        "21:3 bad-name variants.../draft: "../draft" is not a valid name | use lower-case letters, digits and _, beginning with a letter",
      ]
    `);
  });

  it("refuses an empty file, a list, and aliases that would explode", () => {
    expect(findingsOf("")).toMatchInlineSnapshot(`
      [
        "1:1 wrong-type the top level: expected object, got null | ",
      ]
    `);
    expect(findingsOf("- a\n")).toMatchInlineSnapshot(`
      [
        "1:1 wrong-type the top level: expected object, got ["a"] | ",
      ]
    `);
    expect(() => parseSpec("a: &a [1]\nb: *a\n", "x.yaml")).toThrow(/alias/);
  });
});
