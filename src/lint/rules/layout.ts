import { join } from "node:path";
import { ENSEMBLE_HINT } from "../fix.ts";
import type { LintModel } from "../model/model.ts";
import { spotOf } from "../model/spot.ts";
import { strayFolder } from "../model/stray-folder.ts";
import { wantedVersion } from "../model/versions.ts";
import { added, BASE, type CheckedRule, MODEL_PY, pythonModel } from "./define.ts";

const LABELLED =
  'output { name: "LABELLED" data_type: TYPE_FP32 dims: [ 4 ] label_filename: "labels.txt" }\n';

/** Folders that Triton passes over, split by why. */
function skipped({ otherFolders }: LintModel, hasZero: boolean): string[] {
  return otherFolders.filter((name) => /^0./.test(name) === hasZero);
}

function tellsNoBackend({ backend, platform, default_model_filename: file }: LintModel["config"]): boolean {
  return backend === "" && platform === "" && file === "";
}

/** Characters that the python backend takes in no name of a model or an instance. */
const SHELL = /[ ;|&$`<>()[\]{}\\"'*?~#!]/;

/** Where files and folders stand (R). */
export const LAYOUT_RULES: readonly CheckedRule[] = [
  {
    id: "R401",
    severity: "error",
    phrase: "directory name must equal model name",
    phase: "poll",
    what: "The name in the configuration is not that of the folder.",
    mend: "Give both the same name, or leave `name` out.",
    example: added('name: "other"', 'name: "m"'),
    *check({ config, name }) {
      if (config.name === name) return;
      const got = config.name ?? "";
      yield { at: "name", message: `the folder is ${name}, the model is ${got}`, expected: name, got };
    },
  },
  {
    id: "R501",
    severity: "error",
    phrase: "at least one version must be available under the version policy",
    phase: "load",
    what: "No folder of a version that the policy chooses. Ensembles need one too, and git keeps no empty folder.",
    mend: "Make a folder called 1 with the model's file; for an ensemble, with a placeholder in it.",
    example: {
      failing: { "m/config.pbtxt": BASE },
      mended: pythonModel(BASE),
    },
    *check(model) {
      const { folder, versions, served, config } = model;
      const stray = strayFolder(model);
      // One finding is enough for a folder that is no model: the first.
      if (served.length > 0 || (stray !== undefined && tellsNoBackend(config))) return;
      if (versions.length > 0) {
        const got = `versions ${versions.slice(0, 9).join(", ")}`;
        yield { at: "version_policy", message: "the version policy chooses none of its versions", got };
        return;
      }
      const wanted = wantedVersion(config.version_policy);
      if (wanted === undefined) {
        const hint = "Let version_policy choose a version, or leave it out, and make that version's folder.";
        yield { file: folder, message: "it has no version, and its version policy chooses none", hint };
        return;
      }
      const expected = `a folder called ${wanted}`;
      const hint = config.platform === "ensemble" ? `Make ${expected} ${ENSEMBLE_HINT}.` : undefined;
      yield { file: folder, message: "it has no version", expected, hint, ...stray };
    },
  },
  {
    id: "R601",
    severity: "warning",
    phrase: "contains leading zeros in its directory name",
    phase: "load",
    what: "A version folder with a leading zero is passed over.",
    mend: "Write the number without zeros before it.",
    example: {
      failing: { ...pythonModel(BASE), "m/02/model.py": MODEL_PY },
      mended: { ...pythonModel(BASE), "m/2/model.py": MODEL_PY },
    },
    *check(model) {
      for (const name of skipped(model, true)) {
        yield { file: join(model.folder, name), message: `${name} is passed over: it begins with a zero` };
      }
    },
  },
  {
    id: "R602",
    severity: "note",
    phrase: "fails to convert to integral number",
    phase: "load",
    what: "A folder that is no version is passed over.",
    mend: "Nothing, where it holds something else; a version's folder is called by its number.",
    example: {
      failing: { ...pythonModel(BASE), "m/v2/model.py": MODEL_PY },
      mended: { ...pythonModel(BASE), "m/2/model.py": MODEL_PY },
    },
    *check(model) {
      for (const name of skipped(model, false)) {
        yield { file: join(model.folder, name), message: `${name} is passed over: it is no number` };
      }
    },
  },
  {
    id: "R603",
    severity: "warning",
    phrase: "but the version directory is not present",
    phase: "load",
    what: "A version that the policy names is not on disk.",
    mend: "Make its folder, or take it out of the policy.",
    example: added(
      "version_policy { specific { versions: [ 1, 3 ] } }",
      "version_policy { specific { versions: [ 1 ] } }",
    ),
    *check({ config, versions }) {
      const wanted = config.version_policy?.specific?.versions ?? [];
      for (const [index, version] of wanted.entries()) {
        if (versions.includes(version)) continue;
        yield {
          at: `version_policy.specific.versions[${index}]`,
          message: `version ${version} is not on disk`,
          got: versions.join(", "),
        };
      }
    },
  },
  {
    id: "R701",
    severity: "error",
    phrase: "failed to open text file for read",
    phase: "load",
    what: "A file of labels is not there.",
    mend: "Put the file into the model's folder, or take `label_filename` away.",
    example: {
      failing: pythonModel(BASE.replace('"OUT"', '"OUT" label_filename: "labels.txt"')),
      mended: {
        ...pythonModel(BASE.replace('"OUT"', '"OUT" label_filename: "labels.txt"')),
        "m/labels.txt": "a\nb\n",
      },
    },
    *check(model) {
      for (const [index, { label_filename: name = "" }] of (model.config.output ?? []).entries()) {
        if (spotOf(model, "", name) !== "nowhere") continue;
        yield { at: `output[${index}].label_filename`, message: `${name} is not in the model's folder` };
      }
    },
  },
  {
    id: "R702",
    severity: "error",
    phrase: "multiple label files for",
    phase: "load",
    what: "Two outputs of one name have a file of labels each.",
    mend: "Take one of the outputs away.",
    example: {
      failing: { ...pythonModel(`${BASE}${LABELLED}${LABELLED}`), "m/labels.txt": "a\n" },
      mended: { ...pythonModel(`${BASE}${LABELLED}`), "m/labels.txt": "a\n" },
    },
    *check({ config }) {
      const seen = new Set<string>();
      for (const [index, { name = "", label_filename: file = "" }] of (config.output ?? []).entries()) {
        if (file === "") continue;
        if (seen.has(name))
          yield { at: `output[${index}].label_filename`, message: `${name} has labels already` };
        seen.add(name);
      }
    },
  },
  {
    id: "R801",
    severity: "error",
    phrase: "Could not determine backend for model",
    phase: "poll",
    what: "Nothing says which backend the model is for: no backend, no platform, no file of a known name.",
    mend: 'Write `backend`, or `platform: "ensemble"` for an ensemble.',
    example: {
      failing: { "m/config.pbtxt": BASE.replace('backend: "python"\n', ""), "m/1/weights.bin": "" },
      mended: { "m/config.pbtxt": BASE, "m/1/model.py": MODEL_PY },
    },
    *check(model) {
      if (!tellsNoBackend(model.config)) return;
      yield {
        message: "neither backend nor platform is written, and no file tells it",
        ...strayFolder(model),
      };
    },
  },
  {
    id: "R1001",
    severity: "error",
    since: "25.08",
    phase: "load",
    what: "The python backend refuses names with characters that a shell reads.",
    mend: "Use letters, digits, dots, dashes and underscores.",
    example: {
      failing: pythonModel(BASE, "a b"),
      mended: pythonModel(BASE, "a_b"),
    },
    *check({ config, name }) {
      if (config.backend !== "python") return;
      const got = SHELL.exec(name)?.[0];
      if (got !== undefined) yield { message: `the model's name has ${JSON.stringify(got)} in it`, got };
    },
  },
  {
    id: "R1101",
    severity: "error",
    autoComplete: false,
    phrase: "failed to open text file for read",
    phase: "poll",
    what: "No config.pbtxt, and the server is not to complete configurations by itself.",
    mend: "Write a config.pbtxt, or move the folder out of the repository.",
    example: {
      failing: { "m/1/model.py": MODEL_PY },
      mended: pythonModel(BASE),
    },
    *check(model) {
      if (model.hasConfig) return;
      const { message, hint } = strayFolder(model) ?? {};
      const why = message === undefined ? "" : `; ${message}`;
      yield { message: `there is no config.pbtxt${why}`, hint };
    },
  },
];
