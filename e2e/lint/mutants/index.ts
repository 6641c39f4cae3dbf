import { isTriptychError } from "../../../src/errors/index.ts";
import { inspectModelConfig, printModelConfigMessage } from "../../../src/model-config/index.ts";
import { isEnsemble, type LintCase, MODEL_PY, named } from "../case.ts";
import type { Trial } from "../server.ts";
import { BASES } from "./bases.ts";
import { dice, oneOf, type Roll } from "./dice.ts";
import { changeMessage } from "./message.ts";

export { WAN_TINY_FILES } from "./bases.ts";

/** A repository that was good until one thing in it changed. */
export interface Mutant extends Trial {
  readonly files: LintCase["files"];
  /** What changed, for whoever reads of it. */
  readonly what: string;
}

type Files = Record<string, string>;

/** Mutants of the bases, the same ones for the same seed. */
export function mutantsOf(seed: number, count: number): Mutant[] {
  const roll = dice(seed);
  return Array.from({ length: count }, (_, index) => mutantOf(index, roll));
}

function mutantOf(index: number, roll: Roll): Mutant {
  const base = oneOf(roll, BASES);
  const { model, files } = named({ ...base, id: `m${index}_${base.id}` });
  const changed = { ...files };
  const what = change(changed, roll);
  const members = [...new Set(Object.keys(files).map((file) => file.split("/")[0] ?? ""))].filter(
    (name) => name.startsWith(model) && name !== model,
  );
  return { model, members, alone: isEnsemble(base), files: changed, what: `${base.id}: ${what}` };
}

/** Changes one thing: mostly in what a configuration says, sometimes in its text or among the files. */
function change(files: Files, roll: Roll): string {
  const configs = Object.keys(files).filter((file) => file.endsWith("config.pbtxt"));
  const file = oneOf(roll, configs);
  const kind = roll(10);
  if (kind === 0) return `${file}: ${changeText(files, file, roll)}`;
  if (kind === 1) return changeFiles(files, roll);
  return `${file}: ${changeConfig(files, file, roll)}`;
}

function changeConfig(files: Files, file: string, roll: Roll): string {
  for (;;) {
    const { message } = inspectModelConfig(files[file] ?? "", file);
    const what = changeMessage(message, roll);
    try {
      files[file] = printModelConfigMessage(message);
      return what;
    } catch (error) {
      // Nobody can write two members of a oneof, or half a text; another change then.
      if (!isTriptychError(error, "model-config-syntax")) throw error;
    }
  }
}

/** Takes out, doubles or moves a word or a sign. */
function changeText(files: Files, file: string, roll: Roll): string {
  const words = (files[file] ?? "").match(/\s+|\w+|"[^"]*"|./gs) ?? [];
  const at = roll(words.length);
  const word = words[at] ?? "";
  const other = oneOf(roll, words);
  const replacement = oneOf(roll, [[], [word, " ", word], [other], [word, " ", other]]);
  words.splice(at, 1, ...replacement);
  files[file] = words.join("");
  return `text ${JSON.stringify(word)} -> ${JSON.stringify(replacement.join(""))}`;
}

const VERSIONS = ["0", "01", "2", "7", "-1", "a", "1a", "10"];

/** Renames, adds or removes a file or a folder. A model file alone stays: without one, the load hangs. */
function changeFiles(files: Files, roll: Roll): string {
  const model = oneOf(roll, Object.keys(files)).split("/")[0] ?? "";
  const version = oneOf(roll, VERSIONS);
  const others = Object.keys(files).filter((file) => !/\/[^/]*\.(py|pbtxt)$/.test(file));
  const kind = roll(4);
  if (kind === 0) {
    files[`${model}/${version}/model.py`] = MODEL_PY;
    return `${model}: version ${version} more`;
  }
  if (kind === 1) return moveVersion(files, model, version);
  if (kind === 2 || others.length === 0) {
    files[`${model}/${version}`] ??= "a file";
    return `${model}: a file ${version}`;
  }
  const file = oneOf(roll, others);
  files[file] = (files[file] ?? "").slice(0, roll(12));
  return `${file}: cut`;
}

function moveVersion(files: Files, model: string, version: string): string {
  for (const [file, text] of Object.entries(files)) {
    if (!file.startsWith(`${model}/1/`)) continue;
    Reflect.deleteProperty(files, file);
    files[file.replace(`${model}/1/`, `${model}/${version}/`)] = text;
  }
  return `${model}: version 1 is ${version}`;
}
