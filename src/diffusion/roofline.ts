import { flopsPerPass, type WeightPrecision } from "./cost.ts";
import type { Family, Video } from "./families.ts";
import type { Gpu } from "./gpus.ts";

/** How many passes through an expert a clip takes: a step with guidance is two. */
export interface Passes {
  readonly steps: number;
  readonly passesPerStep: 1 | 2;
}

/**
 * Share of a GPU's peak that published runs of Wan2.2-T2V-A14B have reached (A100 55 to 61 %, H100 42 to 51 %, H20 80 to
 * 87 %; 40 steps, 81 frames). What a GPU will reach with another runtime is not known before it is measured.
 */
export const PUBLISHED_UTILISATION = { least: 0.42, most: 0.87 } as const;

/** Seconds of denoising at the very peak of a GPU: nothing is faster, whatever it is built with. */
export interface DenoiseBounds {
  /** Every product in 16 bit. */
  readonly fp16: number;
  /** Products with weights in INT8, attention in 16 bit: what INT8 weights alone can give. */
  readonly int8Linear: number;
  /** Attention in INT8 as well, for which TensorRT has no kernel of its own. */
  readonly int8All: number;
}

/** The least time that denoising takes, by precision. */
export function denoiseBounds(family: Family, video: Video, passes: Passes, gpu: Gpu): DenoiseBounds {
  const { linear, attention, total } = flopsPerPass(family, video);
  const count = passes.steps * passes.passesPerStep;
  return {
    fp16: (count * total) / gpu.flops16,
    int8Linear: count * (linear / gpu.ops8 + attention / gpu.flops16),
    int8All: (count * total) / gpu.ops8,
  };
}

/**
 * The least time in seconds with weights of a precision, attention in 16 bit.
 *
 * @returns `undefined` where the GPU has no kernels for the precision
 */
export function denoiseBound(
  family: Family,
  video: Video,
  passes: Passes,
  target: { readonly gpu: Gpu; readonly precision: WeightPrecision },
): number | undefined {
  const { gpu, precision } = target;
  const bounds = denoiseBounds(family, video, passes, gpu);
  if (precision === "int8") return bounds.int8Linear;
  // FP32 weights run as TF32, at half the rate of 16 bit.
  if (precision === "fp32") return 2 * bounds.fp16;
  if (precision !== "fp8") return bounds.fp16;
  if (gpu.flops8 === undefined) return undefined;
  return denoiseBounds(family, video, passes, { ...gpu, ops8: gpu.flops8 }).int8Linear;
}

/**
 * Bytes that one pass needs beside weights, as a range: 12 to 18 tensors of tokens × width in 16 bit, for a fused
 * engine. Inferred from the sizes of the tensors, not measured.
 */
export function activationBytes(
  tokens: number,
  { transformer }: Family,
): readonly [least: number, most: number] {
  const one = tokens * transformer.dim * 2;
  return [12 * one, 18 * one];
}
