import { FAMILIES, latentShape, renderSchedule } from "../diffusion/index.ts";
import type { EnsembleStep, ModelConfig, VariantContract } from "../model-config/index.ts";
import type { PipelineSpec, VariantSpec } from "../spec/index.ts";
import type { TensorSpec } from "../tensor/index.ts";
import { networkModel, pythonModel } from "./runtime.ts";
import type { Tensors } from "./tensors.ts";
import type { ModelPlan, ScheduleSet } from "./types.ts";

/** Requests that may wait before a front door before the next is refused. */
const QUEUE = { maxQueueSize: 64, timeoutAction: "REJECT" } as const;

/** Clips that a front door works on at once: on a GPU they only queue for the experts. */
const STREAM_INSTANCES = 4;

/** One variant with what is needed to plan its models. */
export interface VariantInput {
  readonly name: string;
  readonly variant: VariantSpec;
  readonly spec: PipelineSpec;
  readonly tensors: Tensors;
  /** Names of all experts of all variants, which share one GPU's memory. */
  readonly allExperts: readonly string[];
}

/** Names of a variant's two experts. */
export function expertNames(variant: string): { readonly highNoise: string; readonly lowNoise: string } {
  return { highNoise: `${variant}_high_noise`, lowNoise: `${variant}_low_noise` };
}

function isGuided(variant: VariantSpec): boolean {
  return variant.sampler.guidance !== "off";
}

/** The schedules of a variant for every step count that it offers. */
export function scheduleSet(variant: VariantSpec): ScheduleSet {
  const { steps, ...sampler } = variant.sampler;
  const [first, ...rest] = steps;
  const head = renderSchedule(sampler, first);
  const schedules = [head, ...rest.map((count) => renderSchedule(sampler, count))];
  return { stateSize: head.stateSize, schedules };
}

function experts({ name, variant, spec, tensors }: VariantInput, size: number): ModelPlan[] {
  const guidance = isGuided(variant) ? [tensors.guidance] : [];
  const inputs = [
    tensors.state(size),
    tensors.timestep,
    tensors.context,
    tensors.coefficients(size),
    ...guidance,
  ];
  const outputs = [tensors.nextState(size), tensors.latent];
  const names = expertNames(name);
  return (["highNoise", "lowNoise"] as const).map((expert) =>
    networkModel(spec, { name: names[expert], inputs, outputs }, variant.experts[expert]),
  );
}

/** Parameters of a model that plays the schedule. */
function playerParameters({ name, variant, spec, allExperts }: VariantInput): Record<string, string> {
  const { highNoise, lowNoise } = expertNames(name);
  const { guidance } = variant.sampler;
  const scales =
    guidance === "off"
      ? {}
      : { guidance_high_noise: String(guidance.highNoise), guidance_low_noise: String(guidance.lowNoise) };
  return {
    schedule: "schedule.json",
    high_noise: highNoise,
    low_noise: lowNoise,
    latent_shape: latentShape(FAMILIES[spec.family], spec.video).join(","),
    residency: spec.target.experts,
    residency_group: allExperts.join(","),
    // Tensors stay where the engines leave them; the loop only passes them on.
    ...(spec.target.runtime === "tensorrt" ? { FORCE_CPU_ONLY_INPUT_TENSORS: "no" } : {}),
    ...scales,
  };
}

/** What a request of this variant says beside its prompts. */
function orderTensors({ variant, tensors }: VariantInput): TensorSpec[] {
  const scales = isGuided(variant) ? [tensors.guidanceHighNoise, tensors.guidanceLowNoise] : [];
  return [tensors.seed, tensors.steps, ...scales];
}

function promptTensors({ variant, tensors }: VariantInput): TensorSpec[] {
  return isGuided(variant) ? [tensors.prompt, tensors.negativePrompt] : [tensors.prompt];
}

function denoiser(input: VariantInput, schedule: ScheduleSet): ModelPlan {
  const network = {
    name: `${input.name}_denoiser`,
    inputs: [input.tensors.context, ...orderTensors(input)],
    outputs: [input.tensors.latent],
  };
  return { ...pythonModel("denoiser", network, playerParameters(input)), schedule, links: [] };
}

function streamDoor(input: VariantInput, schedule: ScheduleSet): ModelPlan {
  const { tensors, spec } = input;
  const network = {
    name: `${input.name}_stream`,
    inputs: [...promptTensors(input), ...orderTensors(input)],
    outputs: [
      ...[tensors.stage, tensors.step, tensors.stepCount, tensors.elapsed],
      ...[tensors.video, tensors.frames, tensors.latent],
    ],
  };
  const extra = {
    decoupled: true,
    dynamicBatching: { defaultQueuePolicy: QUEUE },
    instances: spec.target.triton === "embedded" ? 1 : STREAM_INSTANCES,
  };
  return { ...pythonModel("stream", network, playerParameters(input), extra), schedule, links: [] };
}

/** Maps each tensor to the ensemble tensor of its own name: one name means one thing everywhere. */
function sameNames(tensors: readonly TensorSpec[]): Record<string, string> {
  return Object.fromEntries(tensors.map(({ name }) => [name, name]));
}

function step(
  modelName: string,
  inputs: readonly TensorSpec[],
  outputs: readonly TensorSpec[],
): EnsembleStep {
  return { modelName, modelVersion: -1, inputMap: sameNames(inputs), outputMap: sameNames(outputs) };
}

/**
 * The unary front door. Its one output is VIDEO: Triton prunes the step of every output that a request leaves out, even
 * where a later step needs it, so an ensemble that also gave FRAMES would fail for a request of VIDEO alone.
 */
function ensembleDoor(input: VariantInput): ModelPlan {
  const { tensors, name } = input;
  const config: ModelConfig = {
    name,
    platform: "ensemble",
    maxBatchSize: 0,
    inputs: [...promptTensors(input), ...orderTensors(input)],
    outputs: [tensors.video],
    ensembleSteps: [
      step("tokenizer", promptTensors(input), [tensors.tokenIds, tensors.tokenMask]),
      step("text_encoder", [tensors.tokenIds, tensors.tokenMask], [tensors.context]),
      step(`${name}_denoiser`, [tensors.context, ...orderTensors(input)], [tensors.latent]),
      step("vae_decoder", [tensors.latent], [tensors.frames]),
      step("video_encoder", [tensors.frames], [tensors.video]),
    ],
  };
  return { config, links: [] };
}

/** All models of one variant: its experts, its denoiser and its two front doors. */
export function variantModels(input: VariantInput): ModelPlan[] {
  const schedule = scheduleSet(input.variant);
  return [
    ...experts(input, schedule.stateSize),
    denoiser(input, schedule),
    ensembleDoor(input),
    streamDoor(input, schedule),
  ];
}

/** What a client must know of the variant. */
export function variantContract(name: string, variant: VariantSpec): VariantContract {
  return {
    ensemble: name,
    stream: `${name}_stream`,
    steps: variant.sampler.steps,
    guidance: isGuided(variant),
  };
}
