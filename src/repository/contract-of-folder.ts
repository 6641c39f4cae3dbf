import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Finding, systemErrorCode, TriptychError } from "../errors/index.ts";
import {
  type Contract,
  inspectModelConfig,
  type ModelContract,
  modelContractOf,
} from "../model-config/index.ts";

const CONFIG = "config.pbtxt";

/** The contract of a folder of models, and what could not go into it. */
export interface FolderContract {
  readonly contract: Contract;
  /** Models whose configuration leaves it to the server what goes in and out. */
  readonly incomplete: readonly string[];
}

/**
 * Reads the configurations of any model repository, made by Triptych or not, as Triton would.
 *
 * @param folder - The one that Triton is given, with a folder for each model.
 * @param name - What the models are called together.
 * @throws TriptychError `usage` for a folder without models; `model-config-syntax` with the findings of all files.
 *
 * @example
 * ```ts
 * import { contractOfFolder } from "triptych-sdk";
 *
 * const { contract, incomplete } = await contractOfFolder("model-repository/wan-tiny/models", "wan-tiny");
 * console.log(Object.keys(contract.models), incomplete);
 * ```
 */
export async function contractOfFolder(folder: string, name: string): Promise<FolderContract> {
  const texts = await readConfigs(folder);
  if (texts.size === 0) throw noModels(folder);
  const findings: Finding[] = [];
  const models = [...texts].map(([model, bytes]): [string, ModelContract] => [
    model,
    contractOfText(bytes, join(folder, model, CONFIG), findings),
  ]);
  if (findings.length > 0) throw unreadable(folder, findings);
  const incomplete = models.filter(([, { inputs, outputs }]) => inputs.length + outputs.length === 0);
  return {
    contract: { pipeline: name, variants: {}, models: Object.fromEntries(models) },
    incomplete: incomplete.map(([model]) => model),
  };
}

/** The bytes of every model's configuration, sorted by model. */
async function readConfigs(folder: string): Promise<Map<string, Uint8Array>> {
  const texts = new Map<string, Uint8Array>();
  for (const model of (await namesIn(folder)).sort()) {
    const bytes = await readFile(join(folder, model, CONFIG)).catch((reason: unknown) => {
      // A file beside the models, and a model that leaves all to the server.
      if (["ENOENT", "ENOTDIR"].includes(systemErrorCode(reason) ?? "")) return undefined;
      throw cannotRead(join(folder, model, CONFIG), reason);
    });
    if (bytes !== undefined) texts.set(model, bytes);
  }
  return texts;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (reason) {
    throw cannotRead(folder, reason);
  }
}

function contractOfText(bytes: Uint8Array, file: string, findings: Finding[]): ModelContract {
  const { message, findings: found } = inspectModelConfig(textOf(bytes, file, findings), file);
  findings.push(...found);
  if (found.length > 0) return modelContractOf({});
  try {
    return modelContractOf(message);
  } catch (reason) {
    if (!(reason instanceof TriptychError)) throw reason;
    findings.push({
      rule: "tensor",
      message: `${file}: ${reason.message}`,
      ...(reason.hint === undefined ? {} : { hint: reason.hint }),
    });
    return modelContractOf({});
  }
}

function textOf(bytes: Uint8Array, file: string, findings: Finding[]): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    findings.push({ rule: "syntax", message: `${file} is not UTF-8 text.` });
    return "";
  }
}

function unreadable(folder: string, findings: readonly Finding[]): TriptychError {
  const count = findings.length === 1 ? "one mistake" : `${findings.length} mistakes`;
  return new TriptychError(
    "model-config-syntax",
    `${folder} has configurations that Triton refuses: ${count}`,
    {
      hint: "Mend each finding; a model with one of them is not loaded.",
      details: { findings },
    },
  );
}

function noModels(folder: string): TriptychError {
  return new TriptychError("usage", `${folder} has no model with a ${CONFIG}`, {
    hint: "Name the folder that Triton is given; of a repository of Triptych's that is the `models` folder in it.",
  });
}

function cannotRead(path: string, cause: unknown): TriptychError {
  const code = systemErrorCode(cause) ?? "unknown";
  return new TriptychError("usage", `cannot read ${path}: ${code}`, {
    hint: "Name a folder with a folder for each model.",
    cause,
  });
}
