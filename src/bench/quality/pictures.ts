import type { Tensor } from "../../tensor/index.ts";

/** Frames of a clip: F × H × W × 3. */
export type Frames = Tensor<"UINT8">;

const CHANNELS = 3;

/** Frames, height and width. */
export function sizeOf({ shape }: Frames): {
  readonly count: number;
  readonly height: number;
  readonly width: number;
} {
  const [count = 0, height = 0, width = 0] = shape;
  return { count, height, width };
}

/** Peak signal-to-noise ratio of two clips over all their values, in dB; infinite where they are equal. */
export function psnr(a: Frames, b: Frames): number {
  let squares = 0;
  for (const [index, value] of a.data.entries()) squares += (value - (b.data[index] ?? 0)) ** 2;
  return squares === 0 ? Infinity : 10 * Math.log10((255 ** 2 * a.data.length) / squares);
}

/** Luma of one frame (BT.601), in 0…255. */
export function lumaOf(frames: Frames, frame: number): Float64Array {
  const { height, width } = sizeOf(frames);
  const luma = new Float64Array(height * width);
  const start = frame * luma.length * CHANNELS;
  const at = (place: number): number => frames.data[start + place] ?? 0;
  for (let pixel = 0; pixel < luma.length; pixel += 1) {
    const place = pixel * CHANNELS;
    luma[pixel] = 0.299 * at(place) + 0.587 * at(place + 1) + 0.114 * at(place + 2);
  }
  return luma;
}

/**
 * How much a clip flickers: the mean of how far each value lies from the middle of those before and after it in time, in
 * 0…255. Steady motion of smooth shapes has little of it; frames that jump back and forth have much.
 */
export function flicker(frames: Frames): number {
  const { count, height, width } = sizeOf(frames);
  const size = height * width * CHANNELS;
  const { data } = frames;
  let sum = 0;
  for (let index = size; index < size * (count - 1); index += 1) {
    const middle = ((data[index - size] ?? 0) + (data[index + size] ?? 0)) / 2;
    sum += Math.abs((data[index] ?? 0) - middle);
  }
  return count < 3 ? 0 : sum / (size * (count - 2));
}

/** Whether a clip shows anything: every value finite, and not one grey all over. */
export function isSound(frames: Frames, latent: Tensor<"FP32"> | undefined): boolean {
  const first = frames.data[0];
  return (
    (latent?.data.every((value) => Number.isFinite(value)) ?? true) &&
    frames.data.some((value) => value !== first)
  );
}
