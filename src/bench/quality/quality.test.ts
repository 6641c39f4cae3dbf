import { describe, expect, it } from "vitest";
import { tensor } from "../../tensor/index.ts";
import { type Frames, flicker, isSound, psnr } from "./pictures.ts";
import { ssim } from "./ssim.ts";

/** A clip of 8 × 8 pixels by a rule. */
function clip(frames: number, value: (frame: number, pixel: number) => number): Frames {
  const data = Uint8Array.from({ length: frames * 192 }, (_, index) =>
    value(Math.floor(index / 192), index % 192),
  );
  return tensor("UINT8", [frames, 8, 8, 3], data);
}

describe("quality of clips", () => {
  const steady = clip(4, (_, pixel) => pixel);

  it("finds a clip equal to itself, and tells how far another one is", () => {
    expect(psnr(steady, steady)).toBe(Infinity);
    expect(ssim(steady, steady)).toBeCloseTo(1, 12);
    const off = clip(4, (_, pixel) => pixel + 1);
    expect(psnr(steady, off)).toBeCloseTo(20 * Math.log10(255), 9);
    expect(
      ssim(
        steady,
        clip(4, (_, pixel) => 255 - pixel),
      ),
    ).toBeLessThan(0);
  });

  it("sees frames that jump, and not those that stay or move evenly", () => {
    expect(flicker(steady)).toBe(0);
    expect(flicker(clip(4, (frame) => 10 * frame))).toBe(0);
    expect(flicker(clip(4, (frame) => 100 * (frame % 2)))).toBe(100);
  });

  it("sees a clip that shows nothing, or is made of no numbers", () => {
    const latent = (value: number) => tensor("FP32", [1, 1, 1, 2], Float32Array.from([0, value]));
    expect(isSound(steady, latent(1))).toBe(true);
    expect(isSound(steady, latent(Number.NaN))).toBe(false);
    expect(
      isSound(
        clip(4, () => 127),
        undefined,
      ),
    ).toBe(false);
  });
});
