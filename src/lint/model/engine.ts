import { isTriptychError } from "../../errors/index.ts";
import { PLAN_HEADER_BYTES, readPlanHeader, type TensorRtVersion } from "../../tensorrt/index.ts";
import type { LintModel } from "./model.ts";

/** A file of a version that the server would read, by its name in the configuration. */
export interface ModelFile {
  readonly version: string;
  readonly name: string;
  readonly at: string;
}

/** The files of a model that stands in files of a known name. */
export function filesOf({ config, served }: LintModel): ModelFile[] {
  const { default_model_filename: main = "", cc_model_filenames: others = {} } = config;
  const named = [
    { name: main, at: "default_model_filename" },
    ...Object.entries(others).map(([key, name]) => ({
      name,
      at: `cc_model_filenames[${JSON.stringify(key)}]`,
    })),
  ];
  return served.flatMap((version) => named.map((file) => ({ version: `${version}`, ...file })));
}

/** True for a model of TensorRT. */
export function isEngine({ config }: LintModel): boolean {
  return config.backend === "tensorrt";
}

/** The TensorRT that a plan was made with, or why it is none; undefined where it was not read. */
export function headerOf(
  model: LintModel,
  { version, name }: ModelFile,
): TensorRtVersion | string | undefined {
  const head = model.headOf(version, name, PLAN_HEADER_BYTES);
  // An empty file stands for one that is brought later.
  if (head === undefined || head.length === 0) return undefined;
  try {
    return readPlanHeader(head, name);
  } catch (reason) {
    if (!isTriptychError(reason)) throw reason;
    return reason.message;
  }
}
