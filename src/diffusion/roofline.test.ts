import { describe, expect, it } from "vitest";
import {
  activationBytes,
  denoiseBound,
  denoiseBounds,
  FAMILIES,
  GPUS,
  type Gpu,
  PUBLISHED_UTILISATION,
  tokenCount,
} from "./index.ts";

const A14B = FAMILIES["wan2.2-t2v-a14b"];
const P480 = { width: 832, height: 480, frames: 81 };
const P720 = { width: 1280, height: 720, frames: 81 };
const FULL = { steps: 40, passesPerStep: 2 } as const;
const FEW = { steps: 4, passesPerStep: 1 } as const;

function gpuNamed(name: string): Gpu {
  const gpu = GPUS[name];
  if (gpu === undefined) throw new TypeError(name);
  return gpu;
}

/** As wide a gap as the last digit of a figure leaves. */
function expectDigits(value: number, figure: number): void {
  const digits = String(figure).split(".")[1]?.length ?? 0;
  expect(Math.abs(value - figure)).toBeLessThanOrEqual(0.51 * 10 ** -digits);
}

describe("lower bounds of denoising, in seconds: FP16, INT8 weights, all INT8", () => {
  it.each([
    ["a10", [1074, 823, 537], [53.7, 41.1, 26.9], [4175, 3596, 2087], [209, 180, 104]],
    ["a40", [897, 687, 449], [44.8, 34.4, 22.4], [3486, 3003, 1744], [174, 150, 87]],
    ["a100-80g", [430, 330, 215], [21.5, 16.5, 10.8], [1673, 1441, 836], [83.6, 72.0, 41.8]],
    ["h100", [136, 104, 68], [6.8, 5.2, 3.4], [528, 454, 264], [26.4, 22.7, 13.2]],
    ["l40s", [371, 283, 183], [18.5, 14.2, 9.2], [1442, 1239, 712], [72.1, 62.0, 35.6]],
  ])("%s", (name, full480, few480, full720, few720) => {
    const gpu = gpuNamed(name);
    const table = [
      [P480, FULL, full480],
      [P480, FEW, few480],
      [P720, FULL, full720],
      [P720, FEW, few720],
    ] as const;
    for (const [video, passes, figures] of table) {
      const { fp16, int8Linear, int8All } = denoiseBounds(A14B, video, passes, gpu);
      for (const [index, value] of [fp16, int8Linear, int8All].entries()) {
        expectDigits(value, figures[index] ?? Number.NaN);
      }
    }
  });
});

describe("published times of 40 guided steps on one GPU", () => {
  // assets/comp_effic.png of Wan-Video/Wan2.2, in seconds, text encoder and VAE included.
  it.each([
    ["h20", P480, 1133.9],
    ["h20", P720, 4048.7],
    ["a100-80g", P480, 785.7],
    ["a100-80g", P720, 2735.7],
    ["h100", P480, 326.9],
    ["h100", P720, 1041.5],
  ])(
    "%s %o: %d s lie on the right side of the bound, within the utilisation that is told",
    (name, video, seconds) => {
      const { fp16 } = denoiseBounds(A14B, video, FULL, gpuNamed(name));
      expect(seconds).toBeGreaterThan(fp16);
      const utilisation = fp16 / seconds;
      expect(utilisation).toBeGreaterThanOrEqual(PUBLISHED_UTILISATION.least - 0.01);
      expect(utilisation).toBeLessThanOrEqual(PUBLISHED_UTILISATION.most + 0.01);
    },
  );

  it("of 30 steps in 260 s on a 4090 at 720P would break the bound", () => {
    const rtx4090 = { ...gpuNamed("l40s"), flops16: 330e12, ops8: 660e12, flops8: 660e12 };
    const passes = { steps: 30, passesPerStep: 2 } as const;
    expect(denoiseBound(A14B, P720, passes, { gpu: rtx4090, precision: "fp8" })).toBeGreaterThan(260);
  });
});

describe("denoiseBound", () => {
  it("knows which GPUs have FP8", () => {
    const bound = (name: string) => denoiseBound(A14B, P480, FULL, { gpu: gpuNamed(name), precision: "fp8" });
    expect(["a10", "a40", "a100-80g"].map(bound)).toEqual([undefined, undefined, undefined]);
    const h100 = gpuNamed("h100");
    expect(bound("h100")).toBe(denoiseBound(A14B, P480, FULL, { gpu: h100, precision: "int8" }));
  });
});

it("activations of a pass are 4 to 6 GB at 480P, and grow with the tokens", () => {
  const [least, most] = activationBytes(tokenCount(A14B, P480), A14B);
  expect(least / 1e9).toBeCloseTo(4.0, 1);
  expect(most / 1e9).toBeCloseTo(6.0, 1);
  expect(activationBytes(tokenCount(A14B, P720), A14B)[0] / least).toBeCloseTo(75_600 / 32_760, 9);
});
