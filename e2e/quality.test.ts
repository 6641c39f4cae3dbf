import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { type Frames, psnr, seededRandom, ssim } from "../src/bench/index.ts";
import { tensor } from "../src/tensor/index.ts";
import { pythonOf, ROOT, temporaryFolder } from "./support.ts";

type Shape = readonly [frames: number, height: number, width: number];

/** Smooth waves with some noise on them. */
function clip([frames, height, width]: Shape, noise: number, seed: string): Frames {
  const random = seededRandom(1, seed);
  const data = Uint8Array.from({ length: frames * height * width * 3 }, (_, index) => {
    const wave = 127 + 100 * Math.sin(index / 19) * Math.cos(index / 1013);
    return Math.min(255, Math.max(0, wave + noise * (random() - 0.5)));
  });
  return tensor("UINT8", [frames, height, width, 3], data);
}

const SHAPES: readonly Shape[] = [
  [3, 64, 64],
  [1, 7, 7],
  [2, 33, 20],
];

const PAIRS = SHAPES.flatMap((shape) =>
  [2, 40, 255].map((noise) => ({ a: clip(shape, 0, "a"), b: clip(shape, noise, "b") })),
);

it("clips are as far apart as scikit-image says", () => {
  const folder = temporaryFolder("quality");
  const entries = PAIRS.map((pair, index) => {
    const [a, b] = (["a", "b"] as const).map((side) => {
      const file = path.join(folder, `${index}-${side}.raw`);
      writeFileSync(file, pair[side].data);
      return file;
    });
    return { shape: pair.a.shape, a, b };
  });
  const script = path.join(ROOT, "e2e/judges/pictures.py");
  const input = JSON.stringify(entries);
  const judged = JSON.parse(execFileSync(pythonOf("judge"), [script], { input, encoding: "utf8" })) as {
    psnr: number;
    ssim: number;
  }[];
  expect(judged).toHaveLength(PAIRS.length);
  for (const [index, { a, b }] of PAIRS.entries()) {
    expect(psnr(a, b), `pair ${index}`).toBeCloseTo(judged[index]?.psnr ?? 0, 9);
    expect(ssim(a, b), `pair ${index}`).toBeCloseTo(judged[index]?.ssim ?? 0, 9);
  }
});
