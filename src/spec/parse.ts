import { byPosition, readSource } from "../document/index.ts";
import { TriptychError } from "../errors/index.ts";
import { crossCheck } from "./checks.ts";
import type { SpecDocument, VariantDocument } from "./schema/index.ts";
import type { ExpertName, ExpertSpec, PipelineSpec, VariantSpec } from "./types.ts";
import { checkSchema } from "./validate.ts";

function resolveExpert(
  { precision, weights = "base" }: VariantDocument["experts"],
  expert: ExpertName,
): ExpertSpec {
  return {
    precision: typeof precision === "string" ? precision : precision[expert],
    weights: typeof weights === "string" ? weights : weights[expert],
  };
}

function resolveVariant(document: VariantDocument): VariantSpec {
  const [first, ...rest] = document.sampler.steps;
  return {
    experts: {
      highNoise: resolveExpert(document.experts, "highNoise"),
      lowNoise: resolveExpert(document.experts, "lowNoise"),
      calibration: document.experts.calibration,
      quantise: document.experts.quantise ?? {},
      passes: document.experts.passes ?? "fused",
    },
    // The schema promises at least one step count.
    sampler: { ...document.sampler, steps: [first ?? 1, ...rest] },
  };
}

function resolve(document: SpecDocument): PipelineSpec {
  const { videoEncoder } = document.stages;
  return {
    name: document.name,
    family: document.family,
    checkpoint: document.checkpoint ?? `../models/${document.name}`,
    video: document.video,
    target: {
      ...document.target,
      gpu: document.target.gpu,
      tensorrt: document.target.tensorrt,
      build: document.target.build ?? {},
      threads: document.target.threads ?? 1,
    },
    stages: {
      textEncoder: document.stages.textEncoder,
      vaeDecoder: document.stages.vaeDecoder,
      videoEncoder: {
        codec: videoEncoder?.codec ?? "h264",
        crf: videoEncoder?.crf ?? 18,
        enlarge: videoEncoder?.enlarge ?? 1,
      },
    },
    weights: Object.fromEntries(
      Object.entries(document.weights ?? {}).map(([name, recipe]) => [
        name,
        { ...recipe, from: recipe.from ?? "base" },
      ]),
    ),
    variants: Object.fromEntries(
      Object.entries(document.variants).map(([name, variant]) => [name, resolveVariant(variant)]),
    ),
  };
}

/**
 * Parses a pipeline spec from YAML text. Pure: `file` is only named in findings.
 *
 * @throws TriptychError `spec-syntax` for broken YAML; `spec-invalid` with every finding, sorted by place.
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { isTriptychError, parseSpec } from "triptych-sdk";
 *
 * const file = "configs/wan-tiny.yaml";
 * const spec = parseSpec(await readFile(file, "utf8"), file);
 * console.log(spec.name, Object.keys(spec.variants));
 *
 * try {
 *   parseSpec("version: 1\nnmae: mine\n", "mine.yaml");
 * } catch (error) {
 *   if (isTriptychError(error, "spec-invalid")) console.log(error.message);
 * }
 * ```
 */
export function parseSpec(text: string, file: string): PipelineSpec {
  const source = readSource(text, file, "spec-syntax");
  const checked = checkSchema(source);
  const schemaFindings = "findings" in checked ? checked.findings : [];
  const findings = [...schemaFindings, ...crossCheck(source)].sort(byPosition);
  if (findings.length > 0 || !("document" in checked)) {
    const count = findings.length === 1 ? "a mistake" : `${findings.length} mistakes`;
    throw new TriptychError("spec-invalid", `${file} has ${count}`, { details: { findings } });
  }
  return resolve(checked.document);
}
