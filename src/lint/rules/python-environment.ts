import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { ARCHIVE_HEAD_BYTES, mayBeArchive } from "../model/archive.ts";
import type { LintModel, LintRepository, Problem } from "../model/model.ts";
import { type Spot, spotOf } from "../model/spot.ts";
import { BASE, type CheckedRule, parameter, pythonModel, SHELL } from "./define.ts";

const NAME = "EXECUTION_ENV_PATH";
/** What Triton puts the model's folder in place of. */
const MODEL_FOLDER = "$$TRITON_MODEL_DIRECTORY";
/** What Triton runs in an environment before it starts the model. */
const ACTIVATE = "bin/activate";

/** What stands under the path of an environment; `unknown` where it is on a server that is not this machine, or beyond a link. */
type Found = "nothing" | "folder" | "activated" | "activate is a folder" | "file" | "no archive" | "unknown";

function findIn(model: LintModel, path: string): Found {
  // What is written right behind it becomes a part of the folder's name.
  if (/^[^/]/.test(path)) return existsSync(`${model.folder}${path}`) ? "unknown" : "nothing";
  const script = spotOf(model, "", `${path}/${ACTIVATE}`);
  if (script !== "nowhere") return isFolder(model, script) ? "activate is a folder" : "activated";
  return findBare(model, path);
}

/** What stands under a path in which there is no script. */
function findBare(model: LintModel, path: string): Found {
  const spot = spotOf(model, "", path);
  if (spot === "nowhere") return "nothing";
  // The model's own folder is no entry of itself.
  if (/^\/*$/.test(path)) return "folder";
  if (spot === "unknown") return spot;
  const entry = model.filesIn(spot.folder).get(spot.name);
  if (entry?.kind === "folder") return entry.isOutside === true ? "unknown" : "folder";
  const head = model.headOf(spot.folder, spot.name, ARCHIVE_HEAD_BYTES);
  return head === undefined || mayBeArchive(head) ? "file" : "no archive";
}

function isFolder(model: LintModel, spot: Spot): boolean {
  return typeof spot !== "string" && model.filesIn(spot.folder).get(spot.name)?.kind === "folder";
}

/** On this machine; what is in a file outside of the repository is not looked at. */
function findHere(path: string): Found {
  if (!existsSync(path)) return "nothing";
  if (!statSync(path).isDirectory()) return "file";
  const script = statSync(join(path, ACTIVATE), { throwIfNoEntry: false });
  if (script === undefined) return "folder";
  return script.isDirectory() ? "activate is a folder" : "activated";
}

function find(path: string, model: LintModel, { profile }: LintRepository): Found {
  if (path.startsWith(MODEL_FOLDER)) return findIn(model, path.slice(MODEL_FOLDER.length));
  // The embedded server runs here; another one has folders of its own.
  return profile.backends === undefined ? "unknown" : findHere(path);
}

/** A rule on the environment that a Python model brings. */
function onEnvironment(
  rule: Omit<CheckedRule, "phase" | "check">,
  check: (path: string, found: () => Found) => Omit<Problem, "at" | "got"> | undefined,
): CheckedRule {
  return {
    ...rule,
    phase: "load",
    *check(model, repository) {
      const path = model.config.parameters?.[NAME]?.string_value ?? "";
      if (model.config.backend !== "python" || path === "") return;
      const problem = check(path, () => find(path, model, repository));
      if (problem !== undefined) yield { at: `parameters["${NAME}"]`, got: path, ...problem };
    },
  };
}

const ENV = `${MODEL_FOLDER}/env`;
const withPath = (path: string): string => `${BASE}${parameter(NAME, path)}\n`;
const MENDED = { ...pythonModel(withPath(ENV)), "m/env/bin/activate": "" };

/** Environments of Python models (P2). */
export const PYTHON_ENVIRONMENT_RULES: readonly CheckedRule[] = [
  onEnvironment(
    {
      id: "P201",
      severity: "error",
      phrase: "Failed to get the canonical path",
      what: `What \`${NAME}\` names is not there. Outside of the model's folder only told of the embedded server.`,
      mend: `Put the environment into the model's folder and name it after ${MODEL_FOLDER}/, or take the parameter away.`,
      example: { failing: pythonModel(withPath(ENV)), mended: MENDED },
    },
    (_, found) => (found() === "nothing" ? { message: "there is no such file" } : undefined),
  ),
  onEnvironment(
    {
      id: "P202",
      severity: "error",
      phrase: "should contain an 'activate' script",
      what: `The folder that \`${NAME}\` names has no \`${ACTIVATE}\`, which Triton runs before it starts the model.`,
      mend: "Name the root of a conda environment, or its archive made by conda-pack.",
      example: {
        failing: { ...pythonModel(withPath(ENV)), "m/env/lib/placeholder": "" },
        mended: MENDED,
      },
    },
    (_, found) =>
      found() === "folder" ? { message: `there is no ${ACTIVATE} in it`, expected: ACTIVATE } : undefined,
  ),
  onEnvironment(
    {
      id: "P203",
      severity: "error",
      phrase: "archive_read_open_filename() failed",
      what: `The file that \`${NAME}\` names is no archive, by its first bytes. Outside of the model's folder it is not looked at.`,
      mend: "Pack the environment by conda-pack: a tar, with gzip or without.",
      example: {
        failing: { ...pythonModel(withPath(`${ENV}.tar.gz`)), "m/env.tar.gz": "conda env export\n" },
        mended: MENDED,
      },
    },
    (_, found) => (found() === "no archive" ? { message: "it is no archive", expected: "a tar" } : undefined),
  ),
  onEnvironment(
    {
      id: "P204",
      severity: "warning",
      what: `A relative path in \`${NAME}\`: Triton looks for it below the folder that it was started in, not in the model's.`,
      mend: `Write ${MODEL_FOLDER}/ before it, or the whole path.`,
      example: {
        failing: { ...pythonModel(withPath("env")), "m/env/bin/activate": "" },
        mended: MENDED,
      },
    },
    (path) =>
      /^(\/|\$\$TRITON)/.test(path) ? undefined : { message: "it is not looked for in the model's folder" },
  ),
  onEnvironment(
    {
      id: "P205",
      severity: "error",
      what: `The \`${ACTIVATE}\` of the folder that \`${NAME}\` names is a folder itself: the load never ends.`,
      mend: "Name the root of a conda environment, or its archive made by conda-pack.",
      example: {
        failing: { ...pythonModel(withPath(ENV)), "m/env/bin/activate/placeholder": "" },
        mended: MENDED,
      },
    },
    (_, found) =>
      found() === "activate is a folder" ? { message: `${ACTIVATE} in it is a folder` } : undefined,
  ),
  onEnvironment(
    {
      id: "P206",
      severity: "error",
      until: "25.07",
      what: `Before 25.08, a shell reads the path of a folder in \`${NAME}\`: with a character that means something to it, the load never ends.`,
      mend: "Use letters, digits, dots, dashes and underscores.",
      example: {
        failing: { ...pythonModel(withPath(`${MODEL_FOLDER}/en v`)), "m/en v/bin/activate": "" },
        mended: MENDED,
      },
    },
    (path, found) => {
      const written = path.startsWith(MODEL_FOLDER) ? path.slice(MODEL_FOLDER.length) : path;
      const [got] = SHELL.exec(written) ?? [];
      if (got === undefined || found() !== "activated") return undefined;
      return { message: `a shell reads ${JSON.stringify(got)}` };
    },
  ),
];
