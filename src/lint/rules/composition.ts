import { type CompositionProblem, composition } from "../model/composition.ts";
import { isDecoupledEnsemble } from "../model/decoupled-flow.ts";
import { withUsers } from "../model/ensemble-order.ts";
import type { LintModel, LintRepository } from "../model/model.ts";
import type { RuleExample } from "../types.ts";
import { BASE, type CheckedRule, pythonModel } from "./define.ts";
import { ensemble, STEP } from "./ensemble-example.ts";

// All rules of an ensemble are held against the same drawing of it.
const found = new WeakMap<LintModel, readonly CompositionProblem[]>();

function problemsOf(model: LintModel, repository: LintRepository): readonly CompositionProblem[] {
  const problems = found.get(model) ?? composition(model, repository);
  found.set(model, problems);
  return problems;
}

/** A rule on how an ensemble is put together. */
function rule(id: string, phrase: string, what: string, mend: string, example: RuleExample): CheckedRule {
  return {
    id,
    severity: "error",
    phase: "ensemble",
    phrase,
    what,
    mend,
    example,
    check: (model, repository) => problemsOf(model, repository).filter((problem) => problem.rule === id),
  };
}

/** An example by what stands in the place of the step. */
function step(failing: string, member = BASE): RuleExample {
  return { failing: ensemble([failing], "", member), mended: ensemble([STEP]) };
}

/** An example by what stands in the place of a piece of the member. */
function member(piece: string, failing: string): RuleExample {
  return step(STEP, BASE.replace(piece, failing));
}

const DECOUPLED = `${BASE}model_transaction_policy { decoupled: true }\n`;
const TWO_INPUTS = `${BASE}input { name: "IN_2" data_type: TYPE_FP32 dims: [ 4 ] }\n`;

const FROM_D = STEP.replace('"m"', '"d"');

/** Two steps, of which the second takes what the first gives. */
function chain(second: string): RuleExample["failing"] {
  const first = STEP.replace('"m"', '"d"').replace('value: "OUT"', 'value: "MIDDLE"');
  return { ...ensemble([first, second], "", TWO_INPUTS), ...pythonModel(DECOUPLED, "d") };
}

const SECOND = STEP.replace('key: "IN" value: "IN"', 'key: "IN" value: "MIDDLE"');

function also(input: string): string {
  return SECOND.replace("output_map", `input_map { key: "IN_2" value: "${input}" } output_map`);
}

/** An ensemble with the models of its steps (F). */
export const COMPOSITION_RULES: readonly CheckedRule[] = [
  rule(
    "F101",
    "contains models that are not available or ambiguous",
    "A step's model is not in the repository, or its own configuration is refused.",
    "Correct the name, add the model, or mend its own findings.",
    step(STEP.replace('"m"', '"missing"')),
  ),
  rule(
    "F102",
    "which has no loaded version",
    "A step's model is refused when it is loaded.",
    "Mend that model's findings.",
    {
      failing: {
        ...ensemble([STEP]),
        "m/1/model.py": "",
        "m/config.pbtxt": BASE.replace("KIND_CPU", "KIND_CPU gpus: [ 0 ]"),
      },
      mended: ensemble([STEP]),
    },
  ),
  rule(
    "F103",
    "whose required version",
    "A step asks for a version that is not served. Without `model_version` it asks for version 0.",
    "Write model_version: -1 for the latest, or a version that the model's policy chooses.",
    step(STEP.replace("model_version: -1 ", "")),
  ),
  rule(
    "F104",
    "which is not valid",
    "A step's model is an ensemble that is refused itself.",
    "Mend that ensemble's findings.",
    {
      failing: {
        ...ensemble([STEP.replace('"m"', '"missing"')]),
        "outer/config.pbtxt": ensemble([STEP.replace('"m"', '"e"')])["e/config.pbtxt"] ?? "",
        "outer/1/placeholder": "",
      },
      mended: {
        ...ensemble([STEP]),
        "outer/config.pbtxt": ensemble([STEP.replace('"m"', '"e"')])["e/config.pbtxt"] ?? "",
        "outer/1/placeholder": "",
      },
    },
  ),
  rule(
    "F201",
    "circular dependency between ensembles",
    "An ensemble is made of itself, by way of its steps.",
    "Take the step away that leads back.",
    step(STEP.replace('"m"', '"e"')),
  ),
  rule(
    "F301",
    "which only allows maximum batch size to be",
    "A step's model takes batches, and smaller ones than the ensemble. One without batches is taken.",
    "Raise the model's max_batch_size, or lower the ensemble's.",
    {
      failing: ensemble([STEP], "max_batch_size: 8", `${BASE}max_batch_size: 4\n`),
      mended: ensemble([STEP], "max_batch_size: 4", `${BASE}max_batch_size: 4\n`),
    },
  ),
  rule(
    "F401",
    "is mapping to non-existing input",
    "A step maps to an input that its model does not have.",
    "Write the name of one of the model's inputs as the key.",
    step(STEP.replace('key: "IN"', 'key: "INN"')),
  ),
  rule(
    "F402",
    "is not mapped to any ensemble tensors",
    "An input of a step's model that nothing is mapped to; only an optional one may be left out.",
    "Map a tensor of the ensemble to it, or make it optional.",
    step(STEP, TWO_INPUTS),
  ),
  rule(
    "F403",
    "is mapped from non-existing output",
    "A step maps an output that its model does not have.",
    "Write the name of one of the model's outputs as the key.",
    step(STEP.replace('key: "OUT"', 'key: "OUTT"')),
  ),
  rule(
    "F404",
    "are mapped to the same ensemble tensor",
    "A step maps an output that its model has twice. By itself such a model is taken.",
    "Take one of the model's outputs away.",
    step(STEP, `${BASE}output { name: "OUT" data_type: TYPE_FP32 dims: [ 4 ] }\n`),
  ),
  rule(
    "F501",
    "inconsistent data type",
    "Two sides of a tensor say different datatypes.",
    "Write the same datatype on both sides.",
    member('"IN" data_type: TYPE_FP32', '"IN" data_type: TYPE_FP16'),
  ),
  rule(
    "F601",
    "inconsistent shape",
    "Two sides of a tensor say different shapes. -1 goes with every size; the batch counts where one side has it.",
    "Write the same dims on both sides.",
    member("dims: [ 4 ] }\noutput", "dims: [ 5 ] }\noutput"),
  ),
  rule(
    "F701",
    "receives inputs originated from different decoupled models",
    "A step takes answers of a decoupled model together with something from before it: they do not come together.",
    "Let the decoupled model pass on what later steps need, or call the models from a Python model (BLS).",
    { failing: chain(also("IN")), mended: chain(also("MIDDLE")) },
  ),
  {
    id: "F801",
    severity: "warning",
    phase: "ensemble",
    what: "An ensemble is decoupled where one of its steps is: what it says itself is written over.",
    mend: "Take `model_transaction_policy` away.",
    example: {
      failing: ensemble([STEP], "model_transaction_policy { decoupled: true }"),
      mended: ensemble([STEP]),
    },
    *check(model, repository) {
      const written = model.config.model_transaction_policy?.decoupled;
      if (written === undefined || model.config.ensemble_scheduling === undefined) return;
      const real = isDecoupledEnsemble(model, repository);
      if (written === real || withUsers(repository.open, repository.models).has(model.name)) return;
      yield {
        at: "model_transaction_policy.decoupled",
        message: real ? "it has a decoupled step" : "none of its steps is decoupled",
        expected: String(real),
        got: String(written),
      };
    },
  },
  {
    id: "F802",
    severity: "error",
    phrase: "with 'decoupled' transaction policy",
    phase: "ensemble",
    what: "A response cache on an ensemble that one of its steps makes decoupled.",
    mend: "Take `response_cache` away.",
    example: {
      failing: { ...ensemble([FROM_D], "response_cache { enable: true }"), ...pythonModel(DECOUPLED, "d") },
      mended: { ...ensemble([FROM_D]), ...pythonModel(DECOUPLED, "d") },
    },
    *check(model, repository) {
      const { response_cache: cache, ensemble_scheduling: steps } = model.config;
      if (cache?.enable !== true || steps === undefined || !isDecoupledEnsemble(model, repository)) return;
      yield { at: "response_cache.enable", message: "it has a decoupled step, so it answers more than once" };
    },
  },
];
