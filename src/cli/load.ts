import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { isTriptychError, systemErrorCode, TriptychError } from "../errors/index.ts";
import { type PipelinePlan, planPipeline } from "../plan/index.ts";
import { type Files, readRuntime, renderRepository } from "../repository/index.ts";
import { type PipelineSpec, parseSpec } from "../spec/index.ts";
import { DEFAULT_REPOSITORIES, DEFAULT_SPEC } from "./defaults.ts";

/** A spec with what follows from it, and where its parts are on disk. */
export interface LoadedPipeline {
  readonly plan: PipelinePlan;
  /** Folder with the weights. */
  readonly checkpoint: string;
  /** Folder of the spec, which its other files are named from. */
  readonly specFolder: string;
  readonly files: Files;
}

/** The copy of the default spec that the package brings along; its weights stay where they were made. */
const PACKAGED_SPEC = fileURLToPath(new URL("../configs/wan-tiny.yaml", import.meta.url));

/**
 * The spec of a command that only has to know what a server serves, where none was named: the one of this folder, and where it
 * has none, the package's own.
 */
export function specOrDefault(spec: string | undefined): string {
  if (spec !== undefined || existsSync(DEFAULT_SPEC) || !existsSync(PACKAGED_SPEC))
    return spec ?? DEFAULT_SPEC;
  return PACKAGED_SPEC;
}

/**
 * Reads a spec file and plans its pipeline.
 *
 * @throws TriptychError `spec-not-found`, `spec-syntax`, `spec-invalid`, `plan-impossible`
 */
export async function loadPlan(file: string): Promise<PipelinePlan> {
  return planPipeline(await loadSpec(file));
}

/**
 * Reads a spec file.
 *
 * @throws TriptychError `spec-not-found`, `spec-syntax`, `spec-invalid`
 */
export async function loadSpec(file: string): Promise<PipelineSpec> {
  return parseSpec(await readSpec(file), file);
}

/** {@link loadPlan} with the rendered repository and the checkpoint folder. */
export async function loadPipeline(file: string): Promise<LoadedPipeline> {
  const plan = await loadPlan(file);
  const specFolder = resolve(dirname(file));
  const checkpoint = resolve(specFolder, plan.spec.checkpoint);
  return { plan, checkpoint, specFolder, files: renderRepository(plan, await readRuntime()) };
}

/** The folder of a pipeline's repository. */
export function repositoryFolder(plan: PipelinePlan, parent: string = DEFAULT_REPOSITORIES): string {
  return join(parent, plan.name);
}

async function readSpec(file: string): Promise<string> {
  const bytes = await readBytes(file);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const hint = "save it as UTF-8";
    throw new TriptychError("spec-syntax", `${file} is not UTF-8 text`, { cause, hint });
  }
}

async function readBytes(file: string): Promise<Uint8Array> {
  const hint = `name a spec file, such as ${DEFAULT_SPEC}`;
  try {
    // Reading a pipe could wait for ever.
    if (!(await stat(file)).isFile())
      throw new TriptychError("spec-not-found", `${file} is not a file`, { hint });
    return await readFile(file);
  } catch (cause) {
    if (isTriptychError(cause)) throw cause;
    const reason = systemErrorCode(cause) ?? "unknown";
    throw new TriptychError("spec-not-found", `cannot read ${file}: ${reason}`, { cause, hint });
  }
}
