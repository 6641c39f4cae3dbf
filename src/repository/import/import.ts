import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { printYaml } from "../../document/index.ts";
import { isTriptychError, type TriptychError } from "../../errors/index.ts";
import { treeOf } from "../../files/index.ts";
import type { Contract } from "../../model-config/index.ts";
import {
  type AssumedSetting,
  type PipelinePlan,
  planPipeline,
  recoverSpec,
  type ShapeGap,
} from "../../plan/index.ts";
import { parseSpec } from "../../spec/index.ts";
import { contractOfConfigs } from "../contract-of-folder.ts";
import { cannotReadAll, FOLDER_HINT, type FolderOptions, leadsOut, readConfigs } from "../read-configs.ts";
import { linksOf, MANIFEST, MODELS_FOLDER, renderRepository } from "../render.ts";
import { readRuntime } from "../runtime.ts";
import { passportPaths } from "../weights.ts";
import { lossesOf } from "./compare.ts";
import { foundRepository } from "./found.ts";
import type { ImportLoss } from "./loss.ts";
import { FolderReader } from "./reader.ts";
import { specHead } from "./spec-head.ts";

/** How a repository is imported. */
export interface ImportOptions extends FolderOptions {
  /** What the contract is called; default: the pipeline's name, else that of the folder. */
  readonly name?: string;
}

/** A spec that was recovered from a repository. */
export interface ImportedSpec {
  /** YAML, as it can be written to a file. */
  readonly text: string;
  /** What `triptych repository` makes otherwise of it; empty where it writes the same files, byte for byte. */
  readonly losses: readonly ImportLoss[];
  /** Settings that no repository tells, and that the spec has to have. */
  readonly assumed: readonly AssumedSetting[];
}

/** What a repository was read into. */
export interface ImportedRepository {
  readonly contract: Contract;
  /** Models whose configuration leaves it to the server what goes in and out. */
  readonly incomplete: readonly string[];
  /** Absent where the repository has not the shape of Triptych's. */
  readonly spec?: ImportedSpec;
  /** What it lacks for a spec; empty where there is one. */
  readonly gaps: readonly ShapeGap[];
}

/** The folder that Triton is given: of a repository of Triptych's, the one for models in it. */
function modelsFolderOf(folder: string): string {
  const models = join(folder, MODELS_FOLDER);
  return existsSync(join(folder, MANIFEST)) && existsSync(models) ? models : folder;
}

/**
 * Reads any model repository into the contract of a client, and one that has the shape of Triptych's into the spec that
 * leads to it. The spec is held against the folder: whatever it does not lead to is told. Nothing is written.
 *
 * @param folder - A repository of Triptych's, or any folder that Triton is given.
 * @throws TriptychError `usage` for a folder without models, and for what cannot be read; `model-config-syntax` with the
 * findings of all files.
 *
 * @example
 * ```ts
 * import { importRepository } from "triptych-sdk";
 *
 * const { contract, spec, gaps } = await importRepository("model-repository/wan-tiny");
 * console.log(Object.keys(contract.variants), spec?.text, spec?.losses, gaps);
 * ```
 */
export async function importRepository(
  folder: string,
  { name, followLinks = false }: ImportOptions = {},
): Promise<ImportedRepository> {
  const models = modelsFolderOf(folder);
  const reader = new FolderReader(folder, treeOf(folder, followLinks, FOLDER_HINT));
  if (models !== folder && reader.list(".").entries.get(MODELS_FOLDER)?.isOutside === true)
    throw cannotReadAll(folder, [leadsOut(models)]);
  const configs = readConfigs(models, { followLinks });
  const read = contractOfConfigs(configs, models, name ?? basename(resolve(folder)));
  const recovered = recoverSpec(foundRepository(configs, reader));
  if ("gaps" in recovered) return { ...read, gaps: withPlace(recovered.gaps, folder) };
  const text = printYaml(recovered.document, specHead(recovered.assumed));
  const plan = planned(text);
  if (!("spec" in plan)) return { ...read, gaps: gapsOf(plan) };
  const files = renderRepository(plan, await readRuntime());
  const weights = [...linksOf(plan).map(({ path }) => path), ...passportPaths(plan)];
  return {
    ...read,
    contract: pipelineContract(read.contract, plan, name),
    spec: { text, losses: lossesOf(files, weights, reader), assumed: recovered.assumed },
    gaps: [],
  };
}

/** The models as they are there, with what only the spec knows of them. */
function pipelineContract({ models }: Contract, plan: PipelinePlan, name: string | undefined): Contract {
  const { pipeline, video, variants } = plan.contract;
  return { pipeline: name ?? pipeline, video, variants, models };
}

function planned(text: string): PipelinePlan | TriptychError {
  try {
    return planPipeline(parseSpec(text, "the spec"));
  } catch (reason) {
    if (!isTriptychError(reason)) throw reason;
    return reason;
  }
}

/** Why the settings that were found are no spec. */
function gapsOf({ message, details }: TriptychError): ShapeGap[] {
  const found = details.findings?.map((finding) => finding.message) ?? [];
  const reasons = found.length === 0 ? [message] : found;
  return reasons.map((got) => ({ place: "the spec", expected: "settings that a spec may have", got }));
}

/** Somebody who names the models only has the rest one folder above. */
function withPlace(gaps: readonly ShapeGap[], folder: string): readonly ShapeGap[] {
  const above = dirname(resolve(folder));
  const isBelow = basename(resolve(folder)) === MODELS_FOLDER && existsSync(join(above, MANIFEST));
  if (!isBelow) return gaps;
  return gaps.map((gap) =>
    gap.place === MANIFEST ? { ...gap, got: `nothing; name ${dirname(folder)} instead` } : gap,
  );
}
