import { at, entriesAt, type Problem } from "../document/index.ts";

const OPERATIONS = ["prune", "sparsity", "distil", "qat", "lora"] as const;

/** Folders of a checkpoint that hold something else. */
const TAKEN = [
  "base",
  "build",
  "engines",
  "onnx",
  "scheduler",
  "text_encoder",
  "tokenizer",
  "transformer",
  "transformer_2",
  "vae",
];

function problem(name: string, message: string, hint: string): Problem {
  return { rule: "weights", path: ["weights", name], message, hint };
}

function nameProblem(name: string): Problem[] {
  if (!TAKEN.includes(name)) return [];
  const hint = "choose another name, such as pruned or distilled-4step";
  return [problem(name, `"${name}" is taken by a part of the checkpoint`, hint)];
}

function operationProblem(name: string, recipe: unknown): Problem[] {
  const found = OPERATIONS.filter((operation) => at(recipe, [operation]) !== undefined);
  if (found.length === 1) return [];
  const got = found.length === 0 ? "none" : found.join(" and ");
  const hint = "a chain is several sets of weights, each with from: the one before";
  return [problem(name, `expected one of ${OPERATIONS.join(", ")}, got ${got}`, hint)];
}

/** What of a recipe learns, or asks, from a teacher's paths. */
function needsSamples(recipe: unknown): boolean {
  const trains = (["prune", "sparsity"] as const).some(
    (operation) => at(recipe, [operation, "recover"]) !== undefined,
  );
  const asks =
    at(recipe, ["prune", "score"]) === "taylor" || Number(at(recipe, ["prune", "blocks"]) ?? 0) > 0;
  return trains || asks || at(recipe, ["distil"]) !== undefined || at(recipe, ["qat"]) !== undefined;
}

function samplesProblem(name: string, recipe: unknown): Problem[] {
  if (!needsSamples(recipe) || at(recipe, ["samples"]) !== undefined) return [];
  const hint = "add samples: { prompts: …, shift: …, steps: …, guidance: … }, the paths it learns from";
  return [problem(name, "needs samples of the teacher", hint)];
}

function gridProblem(name: string, recipe: unknown): Problem[] {
  const [steps, points] = [at(recipe, ["distil", "steps"]), at(recipe, ["samples", "steps"])];
  if (typeof steps !== "number" || typeof points !== "number" || steps === points) return [];
  const hint = "a student learns its own steps: write the same number in both places";
  return [problem(name, `distil has ${steps} steps, and its samples have ${points}`, hint)];
}

/** A set that is made, by any number of steps, from itself. */
function cycleProblem(value: unknown, name: string): Problem[] {
  const seen = [name];
  for (;;) {
    const from = at(value, ["weights", seen.at(-1) ?? "", "from"]);
    if (typeof from !== "string") return [];
    if (from === name) {
      return [problem(name, `is made from itself: ${[...seen, name].join(" ← ")}`, "begin with from: base")];
    }
    if (seen.includes(from)) return [];
    seen.push(from);
  }
}

/** Rules for the recipes of weights. */
export function weightsProblems(value: unknown): Problem[] {
  return entriesAt(value, ["weights"]).flatMap(([name, recipe]) => [
    ...nameProblem(name),
    ...operationProblem(name, recipe),
    ...samplesProblem(name, recipe),
    ...gridProblem(name, recipe),
    ...cycleProblem(value, name),
  ]);
}
