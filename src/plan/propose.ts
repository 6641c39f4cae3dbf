import { GPUS, WEIGHT_BYTES } from "../diffusion/index.ts";
import type { PipelineSpec, VariantSpec } from "../spec/index.ts";
import { fitOf, type PipelineFit } from "./fit.ts";

/** One change of a spec that would bring it to its aim, or nearer to fitting. */
export interface Proposal {
  /** The variant it is about; absent for the whole pipeline. */
  readonly variant?: string;
  /** What to write, as in the spec: `steps: [4]`. */
  readonly change: string;
  /** What it leads to, in words. */
  readonly then: string;
}

type Change = readonly [change: string, spec: PipelineSpec];

function withVariant(spec: PipelineSpec, name: string, variant: VariantSpec): PipelineSpec {
  return { ...spec, variants: { ...spec.variants, [name]: variant } };
}

function fewerSteps(spec: PipelineSpec, name: string, variant: VariantSpec): Change[] {
  const [now] = variant.sampler.steps;
  return Array.from({ length: now - 1 }, (_, index) => now - 1 - index).map((steps) => [
    `steps: [${steps}]`,
    withVariant(spec, name, { ...variant, sampler: { ...variant.sampler, steps: [steps] } }),
  ]);
}

function noGuidance(spec: PipelineSpec, name: string, variant: VariantSpec): Change[] {
  if (variant.sampler.guidance === "off") return [];
  const sampler = { ...variant.sampler, guidance: "off" } as const;
  return [
    ["guidance: off (with weights distilled for it)", withVariant(spec, name, { ...variant, sampler })],
  ];
}

function lighter(spec: PipelineSpec, name: string, variant: VariantSpec): Change[] {
  const { highNoise, lowNoise } = variant.experts;
  if ([highNoise, lowNoise].every(({ precision }) => WEIGHT_BYTES[precision] === WEIGHT_BYTES.int8))
    return [];
  const experts = {
    ...variant.experts,
    highNoise: { ...highNoise, precision: "int8" },
    lowNoise: { ...lowNoise, precision: "int8" },
  } as const;
  return [["precision: int8", withVariant(spec, name, { ...variant, experts })]];
}

function fewerFrames(spec: PipelineSpec): Change[] {
  const count = (spec.video.frames - 1) / 4;
  return Array.from({ length: count }, (_, index) => 4 * (count - 1 - index) + 1).map((frames) => [
    `video.frames: ${frames}`,
    { ...spec, video: { ...spec.video, frames } },
  ]);
}

function timeOf(fit: PipelineFit, name: string): PipelineFit["variants"][number]["time"] | undefined {
  return fit.variants.find(({ variant }) => variant === name)?.time;
}

function seconds([least, most]: readonly [number, number]): string {
  return `${Math.round(least)} to ${Math.round(most)} s`;
}

/** Changes to a variant that misses its aim: the nearest value of each setting with which it can be met. */
function timeProposals(spec: PipelineSpec, fit: PipelineFit, name: string, variant: VariantSpec): Proposal[] {
  if (timeOf(fit, name)?.verdict !== "missed") return [];
  const levers = [
    fewerSteps(spec, name, variant),
    noGuidance(spec, name, variant),
    lighter(spec, name, variant),
    fewerFrames(spec),
  ];
  const changes = levers.flatMap((lever) => {
    const enough = lever.find(([, changed]) => timeOf(fitOf(changed, fit.gpu), name)?.verdict !== "missed");
    const estimate = enough === undefined ? undefined : timeOf(fitOf(enough[1], fit.gpu), name)?.estimate;
    if (enough === undefined || estimate === undefined) return [];
    return [{ variant: name, change: enough[0], then: `denoising in ${seconds(estimate)}` }];
  });
  const gpus = Object.values(GPUS).flatMap((gpu): Proposal[] => {
    const time = timeOf(fitOf(spec, gpu), name);
    if (time?.estimate === undefined || time.verdict === "missed") return [];
    return [{ variant: name, change: `gpu: ${gpu.name}`, then: `denoising in ${seconds(time.estimate)}` }];
  });
  return [...changes, ...gpus];
}

/** Changes to a pipeline that does not fit its GPU. */
function memoryProposals(spec: PipelineSpec, fit: PipelineFit): Proposal[] {
  const int8 = Object.entries(spec.variants).reduce<PipelineSpec>(
    (changed, [name, variant]) => lighter(changed, name, variant)[0]?.[1] ?? changed,
    spec,
  );
  const relay = (of: PipelineSpec): PipelineSpec => ({ ...of, target: { ...of.target, experts: "relay" } });
  const changes: Change[] = [
    ...(spec.target.experts === "relay" ? [] : [["experts: relay", relay(spec)] as const]),
    ["precision: int8 for every variant", int8],
    ["experts: relay, and precision: int8 for every variant", relay(int8)],
  ];
  const here = changes.map(([change, changed]) => [change, fitOf(changed, fit.gpu)] as const);
  const elsewhere = Object.values(GPUS).map((gpu) => [`gpu: ${gpu.name}`, fitOf(spec, gpu)] as const);
  const helps = ([, { served }]: readonly [string, PipelineFit]): boolean => served.verdict !== "no";
  return [...here.filter(helps).slice(0, 1), ...elsewhere.filter(helps)].map(([change, { served }]) => ({
    change,
    then: `the pipeline ${served.verdict === "tight" ? "fits tightly" : served.verdict}`,
  }));
}

/** What to change in a spec that does not fit a GPU or misses the aim of a variant there; nothing where all is well. */
export function proposalsFor(spec: PipelineSpec, fit: PipelineFit): Proposal[] {
  // What does not fit is not made quicker.
  if (fit.served.verdict === "no") return memoryProposals(spec, fit);
  return [
    ...Object.entries(spec.variants).flatMap(([name, variant]) => timeProposals(spec, fit, name, variant)),
  ];
}
