import { TriptychError } from "../../errors/index.ts";
import type { ModelConfigMessage } from "../../model-config/index.ts";
import type { AdminRpcs } from "../protocol/admin-messages.ts";
import { shownName } from "../shown.ts";
import { cleanText } from "../transport/clean-text.ts";

type Parameters = AdminRpcs["RepositoryModelLoad"]["request"]["parameters"];

/** What a model is loaded with instead of what its folder holds. */
interface Overrides {
  readonly config?: ModelConfigMessage | string | undefined;
  readonly files?: Readonly<Record<string, Uint8Array>> | undefined;
}

/**
 * Overrides as the server takes them. It ignores files without a configuration, so that is refused here.
 *
 * @throws TriptychError `request-invalid` for those, for a path that leads out of the folder, and for a config that is
 * no JSON.
 */
export function overrides(model: string, { config, files = {} }: Overrides): Parameters {
  const paths = Object.keys(files);
  if (config === undefined && paths.length > 0) {
    throw refused(
      model,
      "files are given without a config",
      "Give the config too; it may be the model's own.",
    );
  }
  const wrong = paths.find((path) => !isInside(path));
  if (wrong !== undefined) {
    const hint = "Give a path in the model's folder, such as 1/model.py.";
    throw refused(model, `"${shownName(wrong)}" is no path of a file in it`, hint);
  }
  const contents = Object.entries(files).map(
    ([path, bytes]) => [`file:${path}`, { bytes_param: bytes }] as const,
  );
  const given: Parameters = config === undefined ? {} : { config: { string_param: jsonOf(model, config) } };
  return Object.assign(given, Object.fromEntries(contents));
}

function isInside(path: string): boolean {
  const parts = path.split("/");
  return !path.startsWith("file:") && parts.every((part) => part !== "" && part !== "." && part !== "..");
}

function jsonOf(model: string, config: ModelConfigMessage | string): string {
  if (typeof config !== "string") return JSON.stringify(config, wide);
  try {
    JSON.parse(config);
    return config;
  } catch (cause) {
    const hint = "Give the config as JSON, or as an object with the fields of model_config.proto.";
    throw refused(model, `the config is no JSON (${cleanText(String(cause))})`, hint);
  }
}

/** JSON has no bigints; the server's parser takes them as text. */
function wide(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

function refused(model: string, problem: string, hint: string): TriptychError {
  return new TriptychError("request-invalid", `Loading ${model}: ${problem}.`, { hint, details: { model } });
}
