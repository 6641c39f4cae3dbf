import { FAMILIES, latentShape } from "../../diffusion/index.ts";
import { TriptychError } from "../../errors/index.ts";
import type { ExpertName, PipelineSpec, VariantSpec } from "../../spec/index.ts";
import { scheduleText } from "../schedule-text.ts";
import { expertNames, scheduleSet } from "../variant.ts";
import { estimateOf, networkBytes, recordBytes } from "./estimate.ts";
import { networkArtifacts } from "./network.ts";
import { buildFolder } from "./paths.ts";
import type { Artifact, ArtifactInput } from "./types.ts";
import {
  expertSource,
  guidanceWords,
  shapeWords,
  TOOL_NAMES,
  textSources,
  weightsArtifacts,
} from "./weights.ts";

function textEncoder(spec: PipelineSpec): Artifact[] {
  const { precision } = spec.stages.textEncoder;
  const tokens = String(FAMILIES[spec.family].text.tokens);
  return networkArtifacts(spec, {
    id: "textEncoder",
    part: "textEncoder",
    choice: { network: "text_encoder", precision, weights: "base" },
    source: { root: "checkpoint", path: "text_encoder", form: "folder" },
    exportWords: ["text-encoder", "--tokens", tokens],
  });
}

/** Latents that a variant has been recorded to end with: what AutoCast judges the decoder on. */
function decoderCalibration(spec: PipelineSpec): ArtifactInput | undefined {
  const [name] =
    Object.entries(spec.variants).find(([, { experts }]) => experts.calibration !== undefined) ?? [];
  if (name === undefined) return undefined;
  return { ...calibrationInput({ spec, name }, "vae_decoder"), form: "file" };
}

/** @throws TriptychError `plan-impossible` for 16 bits on a GPU without anything to judge them on */
function vaeDecoder(spec: PipelineSpec): Artifact[] {
  const { precision } = spec.stages.vaeDecoder;
  const calibration = decoderCalibration(spec);
  if (spec.target.runtime === "tensorrt" && precision !== "fp32" && calibration === undefined) {
    throw new TriptychError("plan-impossible", `a VAE decoder in ${precision} needs calibration prompts`, {
      hint: "write calibration: for the experts of a variant, or vaeDecoder: { precision: fp32 }",
    });
  }
  const latent = latentShape(FAMILIES[spec.family], spec.video).join(",");
  return networkArtifacts(spec, {
    id: "vaeDecoder",
    part: "vaeDecoder",
    choice: { network: "vae_decoder", precision, weights: "base" },
    source: { root: "checkpoint", path: "vae", form: "folder" },
    exportWords: ["vae-decoder", "--latent", latent],
    ...(calibration === undefined ? {} : { calibration }),
  });
}

/** A variant by name, with the spec that it is of. */
interface VariantOrder {
  readonly spec: PipelineSpec;
  readonly name: string;
  readonly variant: VariantSpec;
}

/** The schedule as a file, and what the experts are given while it is played for the calibration prompts. */
function recordArtifacts({ spec, name, variant }: VariantOrder): Artifact[] {
  const { experts, sampler } = variant;
  if (experts.calibration === undefined) return [];
  const schedule: Artifact = {
    id: `${name}/schedule`,
    path: `${buildFolder(spec)}/${name}.schedule.json`,
    form: "file",
    inputs: {},
    step: { kind: "text", text: scheduleText(scheduleSet(variant)) },
    estimate: { bytes: 0, memory: 0 },
  };
  const inputs: Record<string, ArtifactInput> = {
    schedule: { root: "checkpoint", path: schedule.path, form: "file", from: schedule.id },
    prompts: { root: "spec", path: experts.calibration, form: "file" },
    ...textSources(),
    highNoise: expertSource(spec, experts.highNoise.weights, "highNoise"),
    lowNoise: expertSource(spec, experts.lowNoise.weights, "lowNoise"),
  };
  const record: Artifact = {
    id: `${name}/record`,
    path: `${buildFolder(spec)}/${name}.calibration`,
    form: "folder",
    inputs,
    step: {
      kind: "tool",
      module: "record",
      words: [
        ...[{ checkpoint: true } as const, { output: true } as const],
        ...["--schedule", { input: "schedule" }, "--prompts", { input: "prompts" }],
        ...["--experts", { input: "highNoise" }, { input: "lowNoise" }],
        ...[...shapeWords(spec), ...guidanceWords(spec, sampler.guidance)],
      ],
    },
    estimate: {
      bytes: sampler.steps[0] * recordBytes(spec),
      memory: estimateOf(0, "run", 2 * networkBytes(spec, "expert", "fp32")).memory,
    },
  };
  return [schedule, record];
}

/** The inputs that a network was recorded with. */
function calibrationInput(
  { spec, name }: Pick<VariantOrder, "spec" | "name">,
  network: string,
): ArtifactInput {
  const path = `${buildFolder(spec)}/${name}.calibration/${network}.npz`;
  return { root: "checkpoint", path, form: "file", from: `${name}/record` };
}

function quantiseWords({ experts }: VariantSpec): string[] {
  const { smooth, keep = [], keepBlocks, method } = experts.quantise;
  return [
    ...(smooth === undefined ? [] : ["--smooth", String(smooth)]),
    ...(keep.length === 0 ? [] : ["--keep", ...keep]),
    ...(keepBlocks === undefined ? [] : ["--keep-blocks", keepBlocks]),
    ...(method === undefined ? [] : ["--method", method]),
  ];
}

function expertArtifacts(order: VariantOrder, expert: ExpertName): Artifact[] {
  const { spec, name, variant } = order;
  const { precision, weights } = variant.experts[expert];
  const guidance = variant.sampler.guidance === "off" ? "off" : variant.experts.passes;
  const flags = [
    ...shapeWords(spec),
    "--state",
    String(scheduleSet(variant).stateSize),
    "--guidance",
    guidance,
  ];
  return networkArtifacts(spec, {
    id: `${name}/${expert}`,
    part: "expert",
    choice: { network: expertNames(name)[expert], precision, weights },
    source: expertSource(spec, weights, expert),
    exportWords: ["expert", ...flags],
    quantiseWords: quantiseWords(variant),
    ...(variant.experts.calibration === undefined
      ? {}
      : { calibration: calibrationInput(order, TOOL_NAMES[expert]) }),
  });
}

function variantArtifacts(order: VariantOrder): Artifact[] {
  return [
    ...recordArtifacts(order),
    ...expertArtifacts(order, "highNoise"),
    ...expertArtifacts(order, "lowNoise"),
  ];
}

function usedWeights(spec: PipelineSpec): string[] {
  const names = Object.values(spec.variants).flatMap(({ experts }) => [
    experts.highNoise.weights,
    experts.lowNoise.weights,
  ]);
  return [...new Set(names)];
}

/** Everything that is made from a checkpoint for a spec, each after what it is made from. */
export function artifactsOf(spec: PipelineSpec): Artifact[] {
  const made = [
    ...textEncoder(spec),
    ...usedWeights(spec).flatMap((name) => weightsArtifacts(spec, name)),
    ...Object.entries(spec.variants).flatMap(([name, variant]) => variantArtifacts({ spec, name, variant })),
    ...vaeDecoder(spec),
  ];
  // Two sets of weights may begin with the same one.
  return [...new Map(made.map((artifact) => [artifact.id, artifact])).values()];
}
