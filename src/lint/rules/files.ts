import { join } from "node:path";
import type { LintModel } from "../model/model.ts";
import { BASE, type CheckedRule, MODEL_PY, pythonModel } from "./define.ts";

/** The most that a version's number can be; Triton reads it as 64 bits with a sign. */
const LAST_VERSION = 2n ** 63n - 1n;

/**
 * Versions that Triton will load: those on disk that the policy chooses, and one that the policy names twice even where it is
 * not on disk, since only the first mention is struck off.
 */
function loadedVersions({ config, versions, served }: LintModel): bigint[] {
  const named = config.version_policy?.specific?.versions ?? [];
  const twice = named.filter((version, at) => !versions.includes(version) && named.indexOf(version) < at);
  return [...new Set([...served, ...twice])];
}

/** The folder in which Triton then looks, whatever the one is called that it read the number from. */
function folderOf(version: bigint): string {
  return String(BigInt.asUintN(64, version));
}

/** Files of versions, without which not the model alone is lost (R6, R8). */
export const FILE_RULES: readonly CheckedRule[] = [
  {
    id: "R604",
    severity: "error",
    phase: "load",
    what: "A folder whose number does not fit into 64 bits: the whole server aborts as it reads the name.",
    mend: "Rename the folder, or move it out of the model's.",
    example: {
      failing: { ...pythonModel(BASE), "m/99999999999999999999/model.py": MODEL_PY },
      mended: pythonModel(BASE),
    },
    *check({ folder, versions }) {
      for (const version of versions) {
        if (version <= LAST_VERSION && version >= -LAST_VERSION - 1n) continue;
        const message = `${version} is no number of 64 bits: the server aborts`;
        yield { file: join(folder, `${version}`), message, expected: `at most ${LAST_VERSION}`, got: `${version}` };
      }
    },
  },
  {
    id: "R802",
    severity: "error",
    phrase: "Python model file not found in",
    phase: "load",
    what: "A Python model whose file is not where Triton looks for it: the load hangs, and with it the server's start.",
    mend: "Put the file into the folder that is called by the version's number, without a sign or a word behind it.",
    example: {
      failing: { "m/config.pbtxt": BASE, "m/1/other.py": MODEL_PY },
      mended: pythonModel(BASE),
    },
    *check(model) {
      const { backend, default_model_filename: file = "" } = model.config;
      // A path further down is not looked at.
      if (backend !== "python" || file.includes("/")) return;
      const name = file === "" ? "model.py" : file;
      for (const version of loadedVersions(model)) {
        const wanted = `${folderOf(version)}/${name}`;
        if (model.filesIn(folderOf(version)).has(name)) continue;
        yield { file: model.folder, message: `version ${version} has no file ${wanted}`, expected: wanted };
      }
    },
  },
];
