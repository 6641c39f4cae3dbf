import { findGpu } from "../diffusion/index.ts";
import { TriptychError } from "../errors/index.ts";
import { contractOf } from "../model-config/index.ts";
import type { PipelineSpec } from "../spec/index.ts";
import { artifactsOf } from "./artifacts/graph.ts";
import { fitOf } from "./fit.ts";
import { sharedMembers } from "./members.ts";
import { proposalsFor } from "./propose.ts";
import { tensorsOf } from "./tensors.ts";
import type { ModelPlan, PipelinePlan } from "./types.ts";
import { expertNames, variantContract, variantModels } from "./variant.ts";

/** Oldest container in which the python backend beside explicit model control has no known break-in. */
const OLDEST_EXPLICIT = "25.08";

function refuseUnsafeTarget(spec: PipelineSpec): void {
  const { triton, experts } = spec.target;
  if (triton === "embedded" || experts !== "relay" || triton >= OLDEST_EXPLICIT) return;
  throw new TriptychError(
    "plan-impossible",
    `target.triton ${triton} with target.experts relay is not safe`,
    {
      hint: `relay needs explicit model control, which with the python backend is open to break-ins before ${OLDEST_EXPLICIT}; choose 26.08`,
    },
  );
}

/** @throws TriptychError `plan-impossible` where the target's GPU is known and cannot hold what it is to serve. */
function refuseWhatDoesNotFit(spec: PipelineSpec): void {
  const name = spec.target.runtime === "tensorrt" ? spec.target.gpu : undefined;
  const gpu = name === undefined ? undefined : findGpu(name);
  if (gpu === undefined) return;
  const fit = fitOf(spec, gpu);
  if (fit.served.verdict !== "no") return;
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  const { total, experts, textEncoder } = fit.served;
  const message =
    `${spec.name} does not fit ${gpu.name}: it takes at least ${gigabytes(total[0])} of ${gigabytes(gpu.memoryBytes)} ` +
    `(experts ${gigabytes(experts)}, text encoder ${gigabytes(textEncoder)})`;
  const [nearest] = proposalsFor(spec, fit);
  throw new TriptychError("plan-impossible", message, {
    ...(nearest === undefined ? {} : { hint: `with \`${nearest.change}\` ${nearest.then}` }),
  });
}

function byName(a: ModelPlan, b: ModelPlan): number {
  return a.config.name < b.config.name ? -1 : 1;
}

/**
 * Derives the whole pipeline from its spec: models, artifacts and client contract. Pure.
 *
 * @throws TriptychError `plan-impossible` where the spec is well-formed but cannot be served.
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { parseSpec, planPipeline } from "triptych-sdk";
 *
 * const file = "configs/wan2.2-t2v-a14b.yaml";
 * const plan = planPipeline(parseSpec(await readFile(file, "utf8"), file));
 * for (const { config } of plan.models) console.log(config.name, config.backend ?? config.platform);
 * for (const { id, path } of plan.artifacts) console.log(id, path);
 * ```
 */
export function planPipeline(spec: PipelineSpec): PipelinePlan {
  refuseUnsafeTarget(spec);
  refuseWhatDoesNotFit(spec);
  const tensors = tensorsOf(spec);
  const variants = Object.entries(spec.variants);
  const allExperts = variants.flatMap(([name]) => Object.values(expertNames(name)));
  const models = [
    ...sharedMembers(spec, tensors),
    ...variants.flatMap(([name, variant]) => variantModels({ name, variant, spec, tensors, allExperts })),
  ].sort(byName);
  const explicitControl = spec.target.experts === "relay";
  const names = models.map((model) => model.config.name);
  return {
    name: spec.name,
    spec,
    models,
    artifacts: artifactsOf(spec),
    contract: contractOf({
      pipeline: spec.name,
      video: spec.video,
      variants: Object.fromEntries(variants.map(([name, variant]) => [name, variantContract(name, variant)])),
      configs: models.map((model) => model.config),
    }),
    startModels: explicitControl ? names.filter((name) => !allExperts.includes(name)) : names,
    explicitControl,
  };
}
