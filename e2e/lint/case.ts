import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";

/** A model repository that shows one rule, as text. */
export interface LintCase {
  /** The rule that it breaks; with a mark of its own where a rule has several cases, such as `I2.negative`. */
  readonly id: string;
  /** Files below the repository, by path. `@` stands for the case's own name of its model. */
  readonly files: Readonly<Record<string, string>>;
  /** Name of the model, where it is to be another than the id with underscores. */
  readonly name?: string | undefined;
  /** Links below the repository, by path, and where they lead. */
  readonly links?: Readonly<Record<string, string>> | undefined;
  /** What Triton says as it refuses the model; undefined where it takes it. */
  readonly says?: string | undefined;
  /** How the text becomes bytes, where it is not UTF-8. */
  readonly encoding?: "latin1" | undefined;
}

/** The smallest model that the python backend takes and that answers a warm-up. */
export const MODEL_PY = `import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        return [pb_utils.InferenceResponse([]) for _ in requests]
`;

/** One input and one output, as most cases have them. */
export const TENSORS =
  'input { name: "X" data_type: TYPE_FP32 dims: [ 2 ] } output { name: "Y" data_type: TYPE_FP32 dims: [ 2 ] }';

type Says = string | undefined;

/** A case of one folder with this configuration. */
export function config(id: string, says: Says, text: string, files: LintCase["files"] = {}): LintCase {
  return {
    id,
    says,
    files: { "@/config.pbtxt": `name: "@"\n${text}\n`, "@/1/model.py": MODEL_PY, ...files },
  };
}

/** A case of a Python model with the usual tensors and these settings. */
export function python(id: string, says: Says, text: string, files: LintCase["files"] = {}): LintCase {
  return config(id, says, `backend: "python"\n${TENSORS}\n${text}`, files);
}

/** A case of a Python model with tensors of its own. */
export function tensors(id: string, says: Says, text: string, files: LintCase["files"] = {}): LintCase {
  return config(id, says, `backend: "python"\n${text}`, files);
}

/** A case of an ensemble. */
export function ensemble(id: string, says: Says, text: string, files: LintCase["files"] = {}): LintCase {
  return {
    id,
    says,
    files: { "@/config.pbtxt": `name: "@"\nplatform: "ensemble"\n${text}\n`, "@/1/.keep": "", ...files },
  };
}

/** A step of an ensemble; the maps as `X=a Y=b`. */
export function step(model: string, inputs: string, outputs: string, more = "model_version: -1"): string {
  const map = (name: string, pairs: string): string =>
    pairs
      .split(" ")
      .filter((pair) => pair !== "")
      .map((pair) => pair.split("="))
      .map(([key, value]) => `${name} { key: "${key ?? ""}" value: "${value ?? ""}" }`)
      .join(" ");
  return `step { model_name: "${model}" ${more} ${map("input_map", inputs)} ${map("output_map", outputs)} }`;
}

/** Whether it calls other models, and so must be loaded by itself. */
export const isEnsemble = ({ files }: LintCase): boolean =>
  files["@/config.pbtxt"]?.includes('platform: "ensemble"') === true;

/** The case with its own name in place of every `@`. */
export function named({ id, name, files, links = {} }: LintCase): {
  readonly model: string;
  readonly files: LintCase["files"];
  readonly links: LintCase["files"];
} {
  const model = name ?? id.replaceAll(".", "_");
  const inPlace = (texts: LintCase["files"]): LintCase["files"] => {
    const entries = Object.entries(texts).map(([path, text]) =>
      [path, text].map((word) => word.replaceAll("@", model)),
    );
    return Object.fromEntries(entries) as LintCase["files"];
  };
  return { model, files: inPlace(files), links: inPlace(links) };
}

/** Writes a case below a folder. */
export function writeCase(folder: string, sample: LintCase): void {
  const { files, links } = named(sample);
  writeFiles(folder, files, sample.encoding);
  for (const [name, target] of Object.entries(links)) symlinkSync(target, path.join(folder, name));
}

/** Writes files below a folder. */
export function writeFiles(
  folder: string,
  files: LintCase["files"],
  encoding: BufferEncoding = "utf8",
): void {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text, encoding);
  }
}
