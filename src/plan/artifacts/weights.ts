import { FAMILIES, latentShape } from "../../diffusion/index.ts";
import type { ExpertName, PipelineSpec, WeightsRecipe } from "../../spec/index.ts";
import { negativePrompt } from "../members.ts";
import { estimateOf, networkBytes, recordBytes } from "./estimate.ts";
import { buildFolder } from "./paths.ts";
import type { Artifact, ArtifactInput, ToolWord } from "./types.ts";

/** Folder of each expert, as diffusers names them. */
const FOLDERS = { highNoise: "transformer", lowNoise: "transformer_2" } as const;

/** Names of the experts in schedules and tools. */
export const TOOL_NAMES = { highNoise: "high_noise", lowNoise: "low_noise" } as const;

const EXPERTS: readonly ExpertName[] = ["highNoise", "lowNoise"];

/** What of a recipe makes one expert without looking at the other. */
const SINGLE = ["prune", "sparsity", "qat", "lora"] as const;

/** Id of the artifact that makes an expert of a recipe. */
function makerId(name: string, recipe: WeightsRecipe, expert: ExpertName): string {
  if (recipe.distil !== undefined) return `weights/${name}/distil`;
  const operation = SINGLE.find((one) => recipe[one] !== undefined) ?? "prune";
  return `weights/${name}/${expert}/${operation}`;
}

/** The folder of an expert of a set of weights, with what makes it if anything here does. */
export function expertSource(spec: PipelineSpec, name: string, expert: ExpertName): ArtifactInput {
  const recipe = spec.weights[name];
  const path = name === "base" ? FOLDERS[expert] : `${name}/${FOLDERS[expert]}`;
  return {
    root: "checkpoint",
    path,
    form: "folder",
    ...(recipe === undefined ? {} : { from: makerId(name, recipe, expert) }),
  };
}

/** Parts of a checkpoint from which prompts become contexts. */
export function textSources(): Record<string, ArtifactInput> {
  return {
    textEncoder: { root: "checkpoint", path: "text_encoder", form: "folder" },
    tokenizer: { root: "checkpoint", path: "tokenizer/tokenizer.json", form: "file" },
    index: { root: "checkpoint", path: "model_index.json", form: "file" },
  };
}

/** Words for the size of latents and contexts. */
export function shapeWords(spec: PipelineSpec): string[] {
  const family = FAMILIES[spec.family];
  return ["--latent", latentShape(family, spec.video).join(","), "--tokens", String(family.text.tokens)];
}

/** Words for the scales of guidance. */
function scaleWords(guidance: NonNullable<WeightsRecipe["samples"]>["guidance"] = "off"): string[] {
  if (guidance === "off") return [];
  return ["--guidance", String(guidance.highNoise), String(guidance.lowNoise)];
}

/** Words for guidance, and for what it leads away from. */
export function guidanceWords(
  spec: PipelineSpec,
  guidance: "off" | { readonly highNoise: number; readonly lowNoise: number },
): string[] {
  if (guidance === "off") return [];
  const negative = negativePrompt(spec.family);
  return [...scaleWords(guidance), ...(negative === "" ? [] : ["--negative", negative])];
}

/** `--flag value` where there is a value. */
function flag(name: string, value: number | string | undefined): string[] {
  return value === undefined ? [] : [`--${name}`, String(value)];
}

const SAMPLES = "samples";

/** A recipe by name, with the spec that it is of. */
interface Order {
  readonly spec: PipelineSpec;
  readonly name: string;
  readonly recipe: WeightsRecipe;
}

function samplesArtifact({ spec, name, recipe }: Order): Artifact[] {
  const { samples } = recipe;
  if (samples === undefined) return [];
  const words: ToolWord[] = [
    ...[{ checkpoint: true } as const, { output: true } as const],
    ...["--prompts", { input: "prompts" }, ...shapeWords(spec), "--weights", recipe.from],
    ...["--shift", String(samples.shift), "--steps", String(samples.steps)],
    ...[...flag("refine", samples.refine), ...flag("each", samples.each), ...flag("solver", samples.solver)],
    ...guidanceWords(spec, samples.guidance),
  ];
  const inputs = {
    prompts: { root: "spec", path: samples.prompts, form: "file" } as const,
    ...textSources(),
    highNoise: expertSource(spec, recipe.from, "highNoise"),
    lowNoise: expertSource(spec, recipe.from, "lowNoise"),
  };
  return [
    {
      id: `weights/${name}/${SAMPLES}`,
      path: `${buildFolder(spec)}/${name}.samples.safetensors`,
      form: "file",
      inputs,
      step: { kind: "tool", module: "teacher", words },
      estimate: {
        bytes: (samples.each ?? 1) * (samples.steps + 1) * recordBytes(spec),
        memory: estimateOf(0, "run", 2 * networkBytes(spec, "expert", "fp32")).memory,
      },
    },
  ];
}

/** Where samples of the recipe lie, for those steps that read them. */
function samplesInput({ spec, name, recipe }: Order): Record<string, ArtifactInput> {
  const [artifact] = samplesArtifact({ spec, name, recipe });
  if (artifact === undefined) return {};
  return { [SAMPLES]: { root: "checkpoint", path: artifact.path, form: "file", from: artifact.id } };
}

/** Words for how a training goes, where the spec says it. */
function trainingWords(training: {
  learningRate?: number | undefined;
  batch?: number | undefined;
}): string[] {
  return [...flag("lr", training.learningRate), ...flag("batch", training.batch)];
}

function singleWords({ recipe }: Order, expert: ExpertName): { module: string; words: ToolWord[] } {
  const samples: ToolWord[] = recipe.samples === undefined ? [] : ["--samples", { input: SAMPLES }];
  const which = ["--expert", TOOL_NAMES[expert]];
  const { prune, sparsity, qat, lora } = recipe;
  if (prune !== undefined) {
    const settings = [
      ...[...flag("ffn", prune.ffn), ...flag("width", prune.width), ...flag("blocks", prune.blocks)],
      ...[...flag("score", prune.score ?? "magnitude"), ...flag("rounds", prune.rounds)],
      ...[...flag("recover", prune.recover), ...trainingWords(prune)],
    ];
    return { module: "prune", words: [...which, ...settings, ...samples] };
  }
  if (sparsity !== undefined) {
    const settings = [...flag("method", sparsity.method), ...flag("recover", sparsity.recover)];
    return { module: "sparsity", words: [...which, ...settings, ...trainingWords(sparsity), ...samples] };
  }
  if (qat !== undefined) {
    // A model that runs without guidance never sees the negative prompt.
    const empty = recipe.samples?.guidance === "off" ? [] : ["--empty", "0.5"];
    const settings = ["--steps", String(qat.steps), ...trainingWords(qat), ...empty];
    return { module: "qat", words: [...which, ...settings, ...samples] };
  }
  return { module: "lora", words: flag("scale", lora?.scale) };
}

function singleArtifacts(order: Order): Artifact[] {
  const { spec, name, recipe } = order;
  return EXPERTS.map((expert) => {
    const { module, words } = singleWords(order, expert);
    const lora: Record<string, ArtifactInput> =
      recipe.lora === undefined ? {} : { lora: { root: "spec", path: recipe.lora[expert], form: "file" } };
    const adapter: ToolWord[] = recipe.lora === undefined ? [] : [{ input: "lora" }];
    return {
      id: makerId(name, recipe, expert),
      path: expertSource(spec, name, expert).path,
      form: "folder",
      inputs: { weights: expertSource(spec, recipe.from, expert), ...lora, ...samplesInput(order) },
      step: { kind: "tool", module, words: [{ input: "weights" }, ...adapter, { output: true }, ...words] },
      estimate: estimateOf(
        networkBytes(spec, "expert", "fp16"),
        recipe.lora === undefined ? "train" : "lighten",
        networkBytes(spec, "expert", "fp32"),
      ),
    };
  });
}

function distilArtifact(order: Order): Artifact {
  const { spec, name, recipe } = order;
  const { match, rollOut, losses } = recipe.distil ?? {};
  return {
    id: `weights/${name}/distil`,
    path: name,
    form: "folder",
    inputs: {
      highNoise: expertSource(spec, recipe.from, "highNoise"),
      lowNoise: expertSource(spec, recipe.from, "lowNoise"),
      ...samplesInput(order),
    },
    step: {
      kind: "tool",
      module: "distil",
      words: [
        ...[{ input: "highNoise" }, { input: "lowNoise" }, { output: true } as const],
        ...["--samples", { input: SAMPLES }],
        ...[...flag("match", match), ...flag("roll-out", rollOut)],
        ...(losses === undefined ? [] : ["--losses", losses.join(",")]),
        ...(losses?.includes("distribution") === true ? scaleWords(order.recipe.samples?.guidance) : []),
      ],
    },
    estimate: estimateOf(
      2 * networkBytes(spec, "expert", "fp16"),
      "train",
      2 * networkBytes(spec, "expert", "fp32"),
    ),
  };
}

function recipeArtifacts(order: Order): Artifact[] {
  const made = order.recipe.distil === undefined ? singleArtifacts(order) : [distilArtifact(order)];
  return [...samplesArtifact(order), ...made];
}

/** What makes a set of weights, beginning with the sets that it is made from; nothing for one that is only brought. */
export function weightsArtifacts(spec: PipelineSpec, name: string): Artifact[] {
  const recipe = spec.weights[name];
  if (recipe === undefined) return [];
  return [...weightsArtifacts(spec, recipe.from), ...recipeArtifacts({ spec, name, recipe })];
}
