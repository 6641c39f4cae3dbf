import { TriptychError } from "../errors/index.ts";
import type { ModelContract, PipelineContract } from "./contract.ts";
import type { ModelConfig } from "./types.ts";

/** What a {@link PipelineContract} is made from. */
export interface ContractSource {
  readonly pipeline: string;
  readonly video: PipelineContract["video"];
  readonly variants: PipelineContract["variants"];
  /** Configs of all models of the pipeline, in any order. */
  readonly configs: readonly ModelConfig[];
}

/**
 * The contract that a pipeline's model configs amount to. Models are sorted by name; variants keep their order.
 *
 * @throws TriptychError `model-config-syntax` if two configs have one name, or a variant's front door has no config.
 */
export function contractOf({ pipeline, video, variants, configs }: ContractSource): PipelineContract {
  const sorted = [...configs].sort((a, b) => (a.name < b.name ? -1 : 1));
  const models = Object.fromEntries(sorted.map((config) => [config.name, modelContract(config)]));
  checkNames(sorted);
  for (const [variant, { ensemble, stream }] of Object.entries(variants)) {
    for (const door of [ensemble, stream]) checkDoor(variant, door, models);
  }
  return { pipeline, video, variants, models };
}

function modelContract({ inputs, outputs, decoupled = false, maxBatchSize }: ModelConfig): ModelContract {
  return { inputs, outputs, decoupled, maxBatchSize };
}

function checkNames(sorted: readonly ModelConfig[]): void {
  const twice = sorted.find(({ name }, at) => name === sorted[at + 1]?.name);
  if (twice === undefined) return;
  throw new TriptychError(
    "model-config-syntax",
    `Two models are called ${twice.name}; expected one of each name.`,
    {
      hint: "Rename one of them; a model repository has a folder for each name.",
    },
  );
}

function checkDoor(variant: string, door: string, models: PipelineContract["models"]): void {
  if (Object.hasOwn(models, door)) return;
  const known = Object.keys(models).join(", ");
  throw new TriptychError(
    "model-config-syntax",
    `Variant ${variant} names the model ${door}; expected one of ${known}.`,
    { hint: "Add the model's config, or name a model that has one." },
  );
}
