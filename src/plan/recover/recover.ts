import { expertNames } from "../variant.ts";
import { assumedCalibration } from "./calibration.ts";
import { Evidence } from "./evidence.ts";
import { samplerOf } from "./sampler.ts";
import { familyOf, targetOf, videoEncoderOf, videoOf } from "./settings.ts";
import type { FoundManifest, FoundRepository, RecoveredSpec } from "./types.ts";
import { choiceOf, expertsOf } from "./weights.ts";

/** Models that all variants share. */
const SHARED = ["tokenizer", "text_encoder", "vae_decoder", "video_encoder"];

/**
 * The spec that a repository was rendered from, as far as the repository tells: the way back of `planPipeline`. Where
 * places contradict one another, most of them decide; whoever calls compares with what the spec leads to. Pure.
 */
export function recoverSpec(found: FoundRepository): RecoveredSpec {
  const evidence = new Evidence(found);
  const names = variantNames(evidence);
  missModels(evidence, names);
  const { manifest } = found;
  if (manifest === undefined) {
    const expected =
      "what `triptych repository` wrote; only it tells the release and the files of the weights";
    evidence.miss("repository.json", expected, found.instead);
  }
  // Models that are not there leave nothing to read settings from.
  if (manifest === undefined || evidence.gaps.length > 0) return { gaps: evidence.gaps };
  const recovered = recover(evidence, manifest, names);
  return evidence.gaps.length > 0 ? { gaps: evidence.gaps } : recovered;
}

function recover(
  evidence: Evidence,
  manifest: FoundManifest,
  names: readonly string[],
): Exclude<RecoveredSpec, { readonly gaps: unknown }> {
  const { name } = manifest;
  const [family, video, target] = [familyOf(evidence), videoOf(evidence), targetOf(evidence, manifest)];
  const [textEncoder, vaeDecoder] = ["text_encoder", "vae_decoder"].map((network) => ({
    precision: choiceOf(evidence, network)?.precision,
  }));
  const found = names.map((variant) => [variant, variantOf(evidence, variant)] as const);
  const { variants, assumed } = assumedCalibration(name, {
    runtime: manifest.runtime,
    vaePrecision: vaeDecoder?.precision,
    variants: Object.fromEntries(found),
  });
  const stages = { textEncoder, vaeDecoder, videoEncoder: videoEncoderOf(evidence) };
  return { document: { version: 1, name, family, video, target, stages, variants }, assumed };
}

function variantOf(evidence: Evidence, name: string) {
  return { experts: expertsOf(evidence, name), sampler: samplerOf(evidence, name) };
}

/** In the order of the spec, which the experts are listed in. */
function variantNames(evidence: Evidence): string[] {
  const named = (suffix: string, names: readonly string[]): string[] =>
    names.filter((name) => name.endsWith(suffix)).map((name) => name.slice(0, -suffix.length));
  const listed = named("_high_noise", evidence.commonParameter("residency_group")?.split(",") ?? []);
  // A variant may be called like a denoiser, so names of models only count where nothing lists experts.
  return [...new Set(listed.length > 0 ? listed : named("_denoiser", evidence.names))];
}

function missModels(evidence: Evidence, variants: readonly string[]): void {
  if (variants.length === 0) {
    const parts = ["", "_stream", "_denoiser", "_high_noise", "_low_noise"].map(
      (suffix) => `<name>${suffix}`,
    );
    evidence.miss("models", `a variant, which is the models ${parts.join(", ")}`, "none");
  }
  const members = variants.flatMap((name) => [
    ...[name, `${name}_stream`, `${name}_denoiser`],
    ...Object.values(expertNames(name)),
  ]);
  for (const name of [...SHARED, ...members])
    if (evidence.model(name) === undefined) evidence.miss(`models/${name}/config.pbtxt`, "a model");
}
