import { type Finding, TriptychError } from "../errors/index.ts";
import {
  type Contract,
  inspectModelConfig,
  type ModelContract,
  modelContractOf,
} from "../model-config/index.ts";
import { type ConfigFile, FOLDER_HINT, type FolderOptions, readConfigs } from "./read-configs.ts";

/** The contract of a folder of models, and what could not go into it. */
export interface FolderContract {
  readonly contract: Contract;
  /** Models without a configuration, or whose own leaves it to the server what goes in and out. */
  readonly incomplete: readonly string[];
}

/**
 * Reads the configurations of any model repository, made by Triptych or not, as Triton would.
 *
 * @param folder - The one that Triton is given, with a folder for each model.
 * @param name - What the models are called together.
 * @param options - Links out of the folder are followed here unless `followLinks` is false.
 * @throws TriptychError `usage` for a folder without models, and for what cannot be read; `model-config-syntax` with
 * the findings of all files.
 *
 * @example
 * ```ts
 * import { contractOfFolder } from "triptych-sdk";
 *
 * const { contract, incomplete } = await contractOfFolder("model-repository/wan-tiny/models", "wan-tiny");
 * console.log(Object.keys(contract.models), incomplete);
 * ```
 */
export async function contractOfFolder(
  folder: string,
  name: string,
  { followLinks = true }: FolderOptions = {},
): Promise<FolderContract> {
  return Promise.resolve(contractOfConfigs(readConfigs(folder, { followLinks, bare: true }), folder, name));
}

/** The contract of configurations that were read. */
export function contractOfConfigs(
  configs: readonly ConfigFile[],
  folder: string,
  name: string,
): FolderContract {
  if (configs.length === 0) throw noModels(folder);
  const findings: Finding[] = [];
  const models = configs.map((config): [string, ModelContract] => [
    config.model,
    contractOfText(config, findings),
  ]);
  if (findings.length > 0) throw refused(folder, findings);
  const incomplete = models.filter(([, { inputs, outputs }]) => inputs.length + outputs.length === 0);
  return {
    contract: { pipeline: name, variants: {}, models: Object.fromEntries(models) },
    incomplete: incomplete.map(([model]) => model),
  };
}

function contractOfText({ file, text }: ConfigFile, findings: Finding[]): ModelContract {
  if (text === undefined) findings.push({ rule: "syntax", message: `${file} is not UTF-8 text.` });
  const { message, findings: found } = inspectModelConfig(text ?? "", file);
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

function refused(folder: string, findings: readonly Finding[]): TriptychError {
  const count = findings.length === 1 ? "one mistake" : `${findings.length} mistakes`;
  return new TriptychError(
    "model-config-syntax",
    `${folder} has configurations that no contract can be made of: ${count}`,
    {
      hint: "Mend each finding; `triptych lint` says which of them Triton refuses too.",
      details: { findings },
    },
  );
}

function noModels(folder: string): TriptychError {
  return new TriptychError("usage", `${folder} has no model with a config.pbtxt`, {
    hint: `${FOLDER_HINT.slice(0, -1)}; of a repository of Triptych's that is the \`models\` folder in it.`,
  });
}
