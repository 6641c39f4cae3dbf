import { FAMILIES, latentShape } from "../diffusion/index.ts";
import type { PipelineSpec } from "../spec/index.ts";
import type { Datatype, TensorSpec } from "../tensor/index.ts";

function spec(name: string, datatype: Datatype, ...dims: readonly number[]): TensorSpec {
  return { name, datatype, dims };
}

function optional(tensor: TensorSpec): TensorSpec {
  return { ...tensor, optional: true };
}

/** Every tensor of a pipeline, defined once: producers, consumers and front doors all read it here. */
export type Tensors = ReturnType<typeof tensorsOf>;

/** The tensors of a pipeline; STATE and COEFFICIENTS depend on the solver and are functions of its size. */
export function tensorsOf(pipeline: PipelineSpec) {
  const family = FAMILIES[pipeline.family];
  const { width, height, frames } = pipeline.video;
  const latent = latentShape(family, pipeline.video);
  const { tokens, dim } = family.text;
  return {
    prompt: spec("PROMPT", "BYTES", 1),
    negativePrompt: optional(spec("NEGATIVE_PROMPT", "BYTES", 1)),
    seed: spec("SEED", "INT64", 1),
    steps: optional(spec("STEPS", "INT32", 1)),
    guidanceHighNoise: optional(spec("GUIDANCE_HIGH_NOISE", "FP32", 1)),
    guidanceLowNoise: optional(spec("GUIDANCE_LOW_NOISE", "FP32", 1)),
    tokenIds: spec("TOKEN_IDS", "INT64", 2, tokens),
    tokenMask: spec("TOKEN_MASK", "INT64", 2, tokens),
    context: spec("CONTEXT", "FP32", 2, tokens, dim),
    timestep: spec("TIMESTEP", "FP32", 1),
    guidance: spec("GUIDANCE", "FP32", 1),
    state: (size: number) => spec("STATE", "FP32", size, ...latent),
    coefficients: (size: number) => spec("COEFFICIENTS", "FP32", size, size + 1),
    nextState: (size: number) => spec("NEXT_STATE", "FP32", size, ...latent),
    latent: spec("LATENT", "FP32", ...latent),
    frames: spec("FRAMES", "UINT8", frames, height, width, 3),
    video: spec("VIDEO", "BYTES", 1),
    stage: spec("STAGE", "BYTES", 1),
    step: spec("STEP", "INT32", 1),
    stepCount: spec("STEPS", "INT32", 1),
    elapsed: spec("ELAPSED_US", "INT64", 1),
  } as const;
}
