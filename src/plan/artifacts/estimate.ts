import {
  expertParameters,
  FAMILIES,
  latentShape,
  WEIGHT_BYTES,
  type WeightPrecision,
} from "../../diffusion/index.ts";
import type { PipelineSpec } from "../../spec/index.ts";
import { servedExpertBytes } from "../kept-blocks.ts";
import type { ArtifactEstimate } from "./types.ts";

/** Networks by the part of the checkpoint that they come from. */
export type NetworkPart = "expert" | "textEncoder" | "vaeDecoder";

/** Copies of the weights that a tool holds at once at its peak. */
const COPIES = {
  /** The model alone. */
  run: 1,
  /** The model, its graph, and the bytes that are written. */
  export: 3,
  /** The graph, the changed graph, and the session that looks at its values. */
  lighten: 3,
  /** The parsed graph, the builder's copy, and the plan before it is written. */
  engine: 3,
  /** Weights, gradients, and two moments of the optimiser, beside the parent. */
  train: 5,
} as const;

/** The interpreter and its libraries. */
const BASE_MEMORY = 1e9;

/** What is done to a network's weights. */
export type Work = keyof typeof COPIES;

function parameters(spec: PipelineSpec, part: NetworkPart): number {
  const family = FAMILIES[spec.family];
  return part === "expert" ? expertParameters(family) : family.parameters[part];
}

/** Bytes of a network's weights at a precision. */
export function networkBytes(spec: PipelineSpec, part: NetworkPart, precision: WeightPrecision): number {
  if (part === "expert") return servedExpertBytes(spec.family, precision);
  return parameters(spec, part) * WEIGHT_BYTES[precision];
}

/** What a step on a network takes: its file on disk, and host memory for the weights it works on. */
export function estimateOf(bytes: number, work: Work, worksOn: number = bytes): ArtifactEstimate {
  return { bytes, memory: BASE_MEMORY + COPIES[work] * worksOn };
}

/** Bytes of one recorded latent with its context. */
export function recordBytes(spec: PipelineSpec): number {
  const family = FAMILIES[spec.family];
  const values = latentShape(family, spec.video).reduce((product, size) => product * size, 1);
  return 4 * (values + 2 * family.text.tokens * family.text.dim);
}
