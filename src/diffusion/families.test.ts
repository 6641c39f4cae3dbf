import { describe, expect, it } from "vitest";
import { isTriptychError } from "../errors/index.ts";
import {
  checkVideo,
  expertBytes,
  expertParameters,
  FAMILIES,
  flopsPerPass,
  frameBytes,
  latentBytes,
  latentShape,
  tokenCount,
  type Video,
} from "./index.ts";

const A14B = FAMILIES["wan2.2-t2v-a14b"];
const TINY = FAMILIES["wan-tiny"];
const TINY_VIDEO: Video = { width: 64, height: 64, frames: 17 };

function video(width: number, height: number, frames: number): Video {
  return { width, height, frames };
}

describe("sizes of A14B", () => {
  // Latent frames, height, width; tokens; latent MB in FP32; frames MB in UINT8.
  it.each([
    [video(832, 480, 81), [21, 60, 104], 32_760, 8.39, 97],
    [video(1280, 720, 81), [21, 90, 160], 75_600, 19.35, 223.9],
    [video(832, 480, 49), [13, 60, 104], 20_280, 5.19, 58.7],
    [video(832, 480, 121), [31, 60, 104], 48_360, 12.38, 145],
    [video(832, 480, 17), [5, 60, 104], 7_800, 2, 20.4],
    [video(640, 640, 81), [21, 80, 80], 33_600, 8.6, 99.5],
  ])("%o", (size, latent, tokens, latentMegabytes, frameMegabytes) => {
    expect(latentShape(A14B, size)).toEqual([16, ...latent]);
    expect(tokenCount(A14B, size)).toBe(tokens);
    expect(latentBytes(A14B, size) / 1e6).toBeCloseTo(latentMegabytes, 2);
    expect(Math.abs(frameBytes(size) / 1e6 - frameMegabytes)).toBeLessThan(0.2);
  });
});

describe("weights", () => {
  it("of A14B are 14.3 billion parameters an expert", () => {
    expect(expertParameters(A14B)).toBe(14_288_491_584);
    expect(expertBytes(A14B, "fp32") / 1e9).toBeCloseTo(57.2, 1);
    expect(expertBytes(A14B, "bf16") / 1e9).toBeCloseTo(28.6, 1);
    expect(expertBytes(A14B, "fp16")).toBe(expertBytes(A14B, "bf16"));
    expect(expertBytes(A14B, "int8") / 1e9).toBeCloseTo(14.3, 1);
  });

  it("of A14B in INT8 grow by the blocks, embedders and head that stay in 16 bit", () => {
    expect(expertBytes(A14B, "int8", 6) / 1e9).toBeCloseTo(16.6, 1);
    expect(expertBytes(A14B, "int8", 40)).toBe(expertBytes(A14B, "fp16"));
    expect(expertBytes(A14B, "fp16", 6)).toBe(expertBytes(A14B, "fp16"));
  });

  it("of the whole A14B pipeline are 68.8 GB in 16 bit", () => {
    const { textEncoder, vae } = A14B.parameters;
    expect((2 * expertBytes(A14B, "bf16") + 2 * textEncoder + 2 * vae) / 1e9).toBeCloseTo(68.8, 1);
    expect(textEncoder / 1e9).toBeCloseTo(5.68, 2);
    expect(A14B.parameters.vaeDecoder / 1e6).toBeCloseTo(73.3, 1);
  });

  it("of wan-tiny are those of its genuine classes", () => {
    expect(expertParameters(TINY)).toBe(1_565_888);
  });
});

describe("operations of a pass of A14B", () => {
  // TFLOP: linear, attention, total; share of attention in %; PFLOP of 40 steps with guidance.
  it.each([
    [video(832, 480, 17), 189, 53, 242, 22, 19],
    [video(832, 480, 49), 487, 345, 832, 41, 67],
    [video(832, 480, 81), 785, 893, 1678, 53, 134],
    [video(832, 480, 121), 1158, 1936, 3094, 63, 248],
    [video(1280, 720, 81), 1810, 4714, 6523, 72, 522],
  ])("%o", (size, linear, attention, total, share, clip) => {
    const flops = flopsPerPass(A14B, size);
    expect(Math.round(flops.linear / 1e12)).toBe(linear);
    expect(Math.round(flops.attention / 1e12)).toBe(attention);
    expect(Math.round(flops.total / 1e12)).toBe(total);
    expect(Math.round((100 * flops.attention) / flops.total)).toBe(share);
    expect(Math.round((flops.total * 80) / 1e15)).toBe(clip);
  });
});

describe("wan-tiny", () => {
  it("has latents of 16x5x8x8 and 80 tokens", () => {
    expect(latentShape(TINY, TINY_VIDEO)).toEqual([16, 5, 8, 8]);
    expect(tokenCount(TINY, TINY_VIDEO)).toBe(80);
    expect(TINY.text).toEqual({ tokens: 32, dim: 96 });
  });

  it("makes one video only", () => {
    const { errors } = checkVideo(TINY, video(128, 64, 33));
    expect(errors.map((error) => error.path)).toEqual(["video.width", "video.frames"]);
    expect(errors[0]?.hint).toBe("Try 64.");
    expect(checkVideo(TINY, TINY_VIDEO)).toEqual({ errors: [], warnings: [] });
  });
});

describe("videos of A14B", () => {
  it("of a trained size have nothing against them", () => {
    for (const { width, height } of A14B.sizes) {
      expect(checkVideo(A14B, video(width, height, 81))).toEqual({ errors: [], warnings: [] });
    }
  });

  it("of another size get a warning", () => {
    const { errors, warnings } = checkVideo(A14B, video(640, 640, 81));
    expect(errors).toEqual([]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.hint).toContain("832x480");
  });

  it.each([
    [video(830, 480, 81), "width is 830; expected a multiple of 16 pixels.", "Try 832."],
    [video(832, 0, 81), "height is 0; expected a multiple of 16 pixels.", "Try 16."],
    [video(832, 480, 80), "frames is 80; expected a multiple of 4, plus 1.", "Try 81."],
    [video(832, 480, -3), "frames is -3; expected a multiple of 4, plus 1.", "Try 1."],
  ])("%o are refused", (size, message, hint) => {
    expect(checkVideo(A14B, size)).toMatchObject({ errors: [{ message, hint }], warnings: [] });
    expect(() => latentShape(A14B, size)).toThrow(message);
  });

  it("are refused with all findings at once", () => {
    let refusal: unknown;
    try {
      tokenCount(A14B, video(1, 2, 3));
    } catch (error) {
      refusal = error;
    }
    if (!isTriptychError(refusal, "plan-impossible")) throw refusal;
    expect(refusal.details.findings?.map((one) => one.rule)).toEqual([
      "video-width",
      "video-height",
      "video-frames",
    ]);
  });

  it("that are not numbers are refused without a silly hint", () => {
    expect(checkVideo(A14B, video(Number.NaN, 480, 81)).errors[0]).not.toHaveProperty("hint");
  });
});
