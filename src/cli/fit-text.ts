import { findGpu, GPUS, type Gpu } from "../diffusion/index.ts";
import { TriptychError } from "../errors/index.ts";
import {
  fitOf,
  type MemoryFit,
  type PipelineFit,
  type Proposal,
  proposalsFor,
  type Range,
  type VariantFit,
} from "../plan/index.ts";
import { loadSpec } from "./load.ts";
import { table } from "./table.ts";

/** A pipeline on one GPU, and what to change where it does not fit or is too slow. */
export interface FitReport {
  readonly fit: PipelineFit;
  readonly proposals: readonly Proposal[];
}

/** @throws TriptychError `usage` for a GPU that is not in the table. */
export function gpuNamed(name: string): Gpu {
  const found = findGpu(name.toLowerCase());
  if (found !== undefined) return found;
  throw new TriptychError("usage", `no figures are known here of a GPU named ${JSON.stringify(name)}`, {
    hint: `known are ${Object.keys(GPUS).join(", ")}`,
  });
}

/** Reads a spec and holds it against GPUs. */
export async function loadFits(file: string, gpus: readonly Gpu[]): Promise<FitReport[]> {
  const spec = await loadSpec(file);
  return gpus.map((gpu) => {
    const fit = fitOf(spec, gpu);
    return { fit, proposals: proposalsFor(spec, fit) };
  });
}

const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1);
const range = ([least, most]: Range, digits: number): string =>
  `${least.toFixed(digits)} to ${most.toFixed(digits)}`;

function memoryRow(label: string, fit: MemoryFit): string[] {
  return [
    label,
    fit.residency,
    gigabytes(fit.experts),
    gigabytes(fit.textEncoder),
    gigabytes(fit.vaeDecoder),
    range([fit.activations[0] / 1e9, fit.activations[1] / 1e9], 1),
    range([fit.total[0] / 1e9, fit.total[1] / 1e9], 1),
    fit.verdict,
  ];
}

function timeRow({ variant, time }: VariantFit): string[] {
  const { passes, bound, estimate, int8Ceiling, aim, verdict } = time;
  return [
    variant,
    `${passes.steps} x ${passes.passesPerStep}`,
    bound === undefined ? "no such kernels" : bound.toFixed(1),
    estimate === undefined ? "" : range(estimate, 0),
    `${int8Ceiling.toFixed(2)}x`,
    aim === undefined ? "" : String(aim),
    verdict ?? "",
  ];
}

function proposalLine({ variant, change, then }: Proposal): string {
  return `  ${variant === undefined ? "" : `${variant}: `}${change} → ${then}`;
}

/** The report as a person reads it. */
export function fitText({ fit, proposals }: FitReport): string {
  const { gpu, host } = fit;
  const memory = [
    ...fit.variants.flatMap(({ variant, memory: rows }) => rows.map((row) => memoryRow(variant, row))),
    memoryRow("all, as the spec says", fit.served),
  ];
  return [
    `${gpu.name}: ${gigabytes(gpu.memoryBytes)} GB, compute capability ${gpu.computeCapability}`,
    table(["GB for", "experts", "weights", "text encoder", "VAE", "activations", "in all", ""], memory),
    `host memory: at least ${gigabytes(host.least)} GB to load an engine; ${gigabytes(host.forRelay)} GB keep every expert in the page cache`,
    table(
      ["variant", "steps x passes", "least s", "likely s", "INT8 can give", "aim s", ""],
      fit.variants.map(timeRow),
    ),
    "seconds are of denoising alone; the least is at the GPU's peak, the likely by what published runs have reached of it",
    ...(proposals.length === 0 ? [] : [`what would help:\n${proposals.map(proposalLine).join("\n")}`]),
  ].join("\n\n");
}
