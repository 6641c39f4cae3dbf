import {
  activationBytes,
  denoiseBound,
  denoiseBounds,
  expertSplit,
  FAMILIES,
  type Gpu,
  type Passes,
  PUBLISHED_UTILISATION,
  renderSchedule,
  tokenCount,
  WEIGHT_BYTES,
} from "../diffusion/index.ts";
import type { PipelineSpec, VariantSpec } from "../spec/index.ts";
import { servedExpertBytes } from "./kept-blocks.ts";

/** A range, since not all of it is known: least and most. */
export type Range = readonly [least: number, most: number];

/** How experts share a GPU. */
export type Residency = "resident" | "relay";

/** Whether something fits: surely, only if all goes well, or not at all. */
export type FitVerdict = "fits" | "tight" | "no";

/** GPU memory that serving takes, in bytes. */
export interface MemoryFit {
  readonly residency: Residency;
  /** Experts that are loaded at once. */
  readonly experts: number;
  readonly textEncoder: number;
  readonly vaeDecoder: number;
  readonly activations: Range;
  readonly total: Range;
  readonly verdict: FitVerdict;
}

/** Host memory that serving takes, in bytes. */
export interface HostFit {
  /** Triton reads an engine into memory as a whole before it goes to the GPU. */
  readonly least: number;
  /** With every expert in the page cache, a relay does not wait for the disk. */
  readonly forRelay: number;
}

/** How long denoising of one clip takes, in seconds. Encoding text and decoding video come on top. */
export interface TimeFit {
  readonly passes: Passes;
  /** The least any GPU of this kind can take; absent where it has no kernels for the precision. */
  readonly bound?: number;
  /** By the utilisation that published runs have reached. */
  readonly estimate?: Range;
  /** How many times INT8 weights can speed up this clip at most, attention staying in 16 bit. */
  readonly int8Ceiling: number;
  /** Seconds that the product aims at, for a variant of that name. */
  readonly aim?: number;
  /** `met` and `missed` by the whole range, `open` where the range holds the aim. */
  readonly verdict?: "met" | "open" | "missed";
}

/** One variant on one GPU. */
export interface VariantFit {
  readonly variant: string;
  readonly memory: readonly MemoryFit[];
  readonly time: TimeFit;
}

/** A whole pipeline on one GPU. */
export interface PipelineFit {
  readonly gpu: Gpu;
  readonly variants: readonly VariantFit[];
  /** All variants at once, as `target.experts` says. */
  readonly served: MemoryFit;
  readonly host: HostFit;
}

/** CUDA context, cuBLAS and Triton's own pools. */
const RUNTIME_BYTES: Range = [0.5e9, 1.5e9];

/** Seconds for a clip that the product promises, by the name of the track. */
const AIMS: Readonly<Record<string, number>> = { draft: 30, final: 180 };

/** Bytes of the high-noise and the low-noise expert. */
function bothExperts(spec: PipelineSpec, { experts }: VariantSpec): number[] {
  return [experts.highNoise, experts.lowNoise].map(({ precision }) =>
    servedExpertBytes(spec.family, precision),
  );
}

/** The least seconds that denoising takes; each expert by its own precision and its own steps. */
function boundOf(spec: PipelineSpec, { experts, sampler }: VariantSpec, passes: Passes, gpu: Gpu) {
  const family = FAMILIES[spec.family];
  const { highNoise, lowNoise } = expertSplit(renderSchedule(sampler, passes.steps));
  const parts = [
    { steps: highNoise, precision: experts.highNoise.precision },
    { steps: lowNoise, precision: experts.lowNoise.precision },
  ];
  return parts.reduce<number | undefined>((sum, { steps, precision }) => {
    const part = denoiseBound(family, spec.video, { ...passes, steps }, { gpu, precision });
    return sum === undefined || part === undefined ? undefined : sum + part;
  }, 0);
}

function memoryFit(
  spec: PipelineSpec,
  variants: readonly VariantSpec[],
  residency: Residency,
  gpu: Gpu,
): MemoryFit {
  const family = FAMILIES[spec.family];
  const sizes = variants.flatMap((variant) => bothExperts(spec, variant));
  const experts = residency === "relay" ? Math.max(...sizes) : sizes.reduce((sum, size) => sum + size, 0);
  const textEncoder = family.parameters.textEncoder * WEIGHT_BYTES[spec.stages.textEncoder.precision];
  const vaeDecoder = family.parameters.vaeDecoder * WEIGHT_BYTES[spec.stages.vaeDecoder.precision];
  const activations = activationBytes(tokenCount(family, spec.video), family);
  const fixed = experts + textEncoder + vaeDecoder;
  const total: Range = [fixed + activations[0] + RUNTIME_BYTES[0], fixed + activations[1] + RUNTIME_BYTES[1]];
  return {
    residency,
    experts,
    textEncoder,
    vaeDecoder,
    activations,
    total,
    verdict: verdictOf(total, gpu.memoryBytes),
  };
}

function verdictOf([least, most]: Range, room: number): FitVerdict {
  if (most <= room) return "fits";
  return least <= room ? "tight" : "no";
}

function timeFit(name: string, variant: VariantSpec, spec: PipelineSpec, gpu: Gpu): TimeFit {
  const family = FAMILIES[spec.family];
  const { steps, guidance } = variant.sampler;
  const passes: Passes = { steps: steps[0], passesPerStep: guidance === "off" ? 1 : 2 };
  const { fp16, int8Linear } = denoiseBounds(family, spec.video, passes, gpu);
  const int8Ceiling = fp16 / int8Linear;
  const bound = boundOf(spec, variant, passes, gpu);
  if (bound === undefined) return { passes, int8Ceiling };
  const estimate: Range = [bound / PUBLISHED_UTILISATION.most, bound / PUBLISHED_UTILISATION.least];
  const aim = spec.family === "wan-tiny" ? undefined : AIMS[name];
  if (aim === undefined) return { passes, int8Ceiling, bound, estimate };
  return { passes, int8Ceiling, bound, estimate, aim, verdict: timeVerdict(estimate, aim) };
}

function timeVerdict([least, most]: Range, aim: number): "met" | "open" | "missed" {
  if (most <= aim) return "met";
  return least <= aim ? "open" : "missed";
}

/**
 * Whether a pipeline fits a GPU, and how long its clips take there, before anything is built. Pure arithmetic.
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { fitOf, GPUS, parseSpec, proposalsFor } from "triptych-sdk";
 *
 * const file = "configs/wan2.2-t2v-a14b.yaml";
 * const spec = parseSpec(await readFile(file, "utf8"), file);
 * const fit = fitOf(spec, GPUS.a40);
 * console.log(fit.variants, proposalsFor(spec, fit));
 * ```
 */
export function fitOf(spec: PipelineSpec, gpu: Gpu): PipelineFit {
  const variants = Object.entries(spec.variants);
  const all = variants.map(([, variant]) => variant);
  const experts = all.flatMap((variant) => bothExperts(spec, variant));
  return {
    gpu,
    variants: variants.map(([name, variant]) => ({
      variant: name,
      memory: (["resident", "relay"] as const).map((residency) => memoryFit(spec, [variant], residency, gpu)),
      time: timeFit(name, variant, spec, gpu),
    })),
    served: memoryFit(spec, all, spec.target.experts, gpu),
    host: { least: Math.max(...experts), forRelay: experts.reduce((sum, size) => sum + size, 0) },
  };
}
