/** What a data sheet says of a GPU. Peaks are dense, without structured sparsity. */
export interface Gpu {
  readonly name: string;
  readonly memoryBytes: number;
  /** FP16 and BF16 operations a second, FP32 accumulation. */
  readonly flops16: number;
  /** INT8 operations a second. */
  readonly ops8: number;
  /** FP8 operations a second; absent where the GPU has no FP8. */
  readonly flops8?: number;
  readonly bytesPerSecond: number;
  readonly computeCapability: string;
}

const GIB = 2 ** 30;
const TERA = 1e12;
const GIGA = 1e9;

function gpu(
  name: string,
  [memoryGib, tflops16, tops8, gigabytes]: readonly [number, number, number, number],
  computeCapability: string,
): Gpu {
  const hasFp8 = Number(computeCapability) >= 8.9;
  return {
    name,
    memoryBytes: memoryGib * GIB,
    flops16: tflops16 * TERA,
    ops8: tops8 * TERA,
    ...(hasFp8 ? { flops8: tops8 * TERA } : {}),
    bytesPerSecond: gigabytes * GIGA,
    computeCapability,
  };
}

/**
 * GPUs by the name a spec gives them. Source: NVIDIA's data sheets; memory is what the driver reports as usable, which
 * is a little less than the name says where ECC takes its share.
 */
export const GPUS: Readonly<Record<string, Gpu>> = Object.fromEntries(
  [
    gpu("a10", [22.5, 125, 250, 600], "8.6"),
    gpu("a40", [44.9, 149.7, 299.3, 696], "8.6"),
    gpu("l40s", [44.9, 362, 733, 864], "8.9"),
    gpu("a100-80g", [79.2, 312, 624, 2039], "8.0"),
    gpu("h100", [79.6, 989, 1979, 3350], "9.0"),
    gpu("h200", [140.4, 989, 1979, 4800], "9.0"),
    gpu("h20", [95.6, 148, 296, 4000], "9.0"),
  ].map((entry) => [entry.name, entry]),
);

/** The GPU of a name, as a spec writes it; `undefined` for one without figures here. */
export function findGpu(name: string): Gpu | undefined {
  return Object.hasOwn(GPUS, name) ? GPUS[name] : undefined;
}
