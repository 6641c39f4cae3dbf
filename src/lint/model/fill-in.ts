import type { Entry } from "../../files/index.ts";
import type { ModelConfigMessage } from "../../model-config/index.ts";

/** A backend that Triton knows by the name of a model's file. */
interface KnownBackend {
  readonly backend: string;
  readonly file: string;
  /** Platforms that stand for it; the first is filled in. */
  readonly platforms: readonly string[];
  /** True where a folder of that name is none of its models. */
  readonly fileOnly?: true;
}

/** In the order in which Triton tries them. */
const KNOWN: readonly KnownBackend[] = [
  { backend: "tensorflow", file: "model.savedmodel", platforms: ["tensorflow_savedmodel"] },
  { backend: "tensorflow", file: "model.graphdef", platforms: ["tensorflow_graphdef"], fileOnly: true },
  { backend: "tensorrt", file: "model.plan", platforms: ["tensorrt_plan"], fileOnly: true },
  { backend: "onnxruntime", file: "model.onnx", platforms: ["onnxruntime_onnx"] },
  { backend: "openvino", file: "model.xml", platforms: [] },
  { backend: "pytorch", file: "model.pt", platforms: ["pytorch_libtorch"], fileOnly: true },
  { backend: "python", file: "model.py", platforms: [] },
];

/** Says which of {@link KNOWN} a configuration stands for, by what it names or by what is in the folder. */
function guess(config: ModelConfigMessage, files: ReadonlyMap<string, Entry>): KnownBackend | undefined {
  const { backend = "", platform = "", default_model_filename: file = "" } = config;
  if (backend !== "") return KNOWN.find((known) => known.backend === backend && fits(known, config));
  const named = KNOWN.find((known) => known.file === file || known.platforms.includes(platform));
  if (named !== undefined || platform !== "" || file !== "") return named;
  return KNOWN.find((known) => {
    const kind = files.get(known.file)?.kind;
    return kind !== undefined && !(known.fileOnly === true && kind !== "file");
  });
}

/** Of a backend with two forms, the one that the configuration names. */
function fits({ platforms, file }: KnownBackend, config: ModelConfigMessage): boolean {
  const { platform = "", default_model_filename: named = "" } = config;
  return platform === "" || platforms.length === 0 || platforms.includes(platform) || file === named;
}

/**
 * The configuration with what Triton fills in before it looks at it: the name, and of backend, platform and file name
 * what follows from the others or from the files of a version.
 *
 * @param files - What is in the first folder of the model.
 */
export function fillIn(
  config: ModelConfigMessage,
  name: string,
  files: ReadonlyMap<string, Entry>,
): ModelConfigMessage {
  const known = guess(config, files);
  return {
    ...config,
    name: firstOf(config.name, name),
    backend: firstOf(config.backend, known?.backend, customBackend(config, name)),
    platform: firstOf(config.platform, known?.platforms[0]),
    default_model_filename: firstOf(config.default_model_filename, known?.file),
  };
}

/** The first text that is not empty. */
function firstOf(...texts: readonly (string | undefined)[]): string {
  return texts.find((text) => text !== undefined && text !== "") ?? "";
}

/** The last resort: a folder called `name.backend`. */
function customBackend(config: ModelConfigMessage, name: string): string {
  const { platform = "", default_model_filename: file = "" } = config;
  const dot = name.indexOf(".");
  return platform !== "" || file !== "" || dot < 0 ? "" : name.slice(dot + 1);
}
