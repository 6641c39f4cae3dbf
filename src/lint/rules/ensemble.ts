import { type EnsembleGraph, type GraphTensor, graphOf, missingSource } from "../model/ensemble-graph.ts";
import type { LintModel, Problem } from "../model/model.ts";
import { BASE, type CheckedRule, pythonModel } from "./define.ts";
import { ensemble, STEP } from "./ensemble-example.ts";

type RuleText = Omit<CheckedRule, "severity" | "phase" | "check">;

/** A rule on the text of an ensemble. */
function onEnsembles(rule: RuleText, check: (model: LintModel) => Iterable<Problem>): CheckedRule {
  return {
    ...rule,
    severity: "error",
    phase: "poll",
    check: (model) => (model.config.ensemble_scheduling === undefined ? [] : check(model)),
  };
}

// Several rules ask for the graph of the same model.
const graphs = new WeakMap<LintModel, EnsembleGraph>();

function drawn(model: LintModel): EnsembleGraph {
  const graph = graphs.get(model) ?? graphOf(model.config);
  graphs.set(model, graph);
  return graph;
}

/** A rule on the flow of tensors in an ensemble. */
function onGraphs(
  rule: RuleText,
  check: (graph: EnsembleGraph, config: LintModel["config"]) => Iterable<Problem>,
): CheckedRule {
  return onEnsembles(rule, (model) => check(drawn(model), model.config));
}

/** A field that an ensemble has not, because its steps have it. */
function notOnEnsembles(
  id: string,
  field: "instance_group" | "optimization" | "model_warmup",
  phrase: string,
  text: string,
): CheckedRule {
  return onEnsembles(
    {
      id,
      phrase,
      what: `An ensemble has no \`${field}\` of its own.`,
      mend: `Take \`${field}\` away, or write it for the models of the steps.`,
      example: { failing: ensemble([STEP], text), mended: ensemble([STEP]) },
    },
    function* ({ config }) {
      const found = config[field];
      if (found === undefined || (Array.isArray(found) && found.length === 0)) return;
      yield { at: field === "optimization" ? field : `${field}[0]`, message: `an ensemble with ${field}` };
    },
  );
}

/** A field that each step must have. */
function needed(id: string, field: "model_name" | "input_map" | "output_map", failing: string): CheckedRule {
  return onEnsembles(
    {
      id,
      phrase: `must specify '${field}' in step`,
      what: `A step without \`${field}\`.`,
      mend: `Write ${field}; every step has a model, takes something and gives something.`,
      example: { failing: ensemble([failing]), mended: ensemble([STEP]) },
    },
    function* ({ config }) {
      for (const [index, step] of (config.ensemble_scheduling?.step ?? []).entries()) {
        if (Object.keys(step[field] ?? "").length > 0) continue;
        yield { at: `ensemble_scheduling.step[${index}]`, message: `it has no ${field}` };
      }
    },
  );
}

/** Why a tensor that is no output of the ensemble cannot stay; undefined where it can. */
function unused({ isReady, isGiven, users }: GraphTensor): string | undefined {
  if (!isReady) return isGiven ? "it cannot be made: what its step takes is not there" : "no step gives it";
  return users.length === 0 ? "nobody takes it" : undefined;
}

/** An ensemble by its own text (E). */
export const ENSEMBLE_RULES: readonly CheckedRule[] = [
  onEnsembles(
    {
      id: "E101",
      phrase: "ensemble scheduling cannot be set for model",
      what: "Steps of an ensemble on a model that is none.",
      mend: 'Write platform: "ensemble" in place of the backend.',
      example: {
        failing: { ...pythonModel(`${BASE}ensemble_scheduling { ${STEP} }`, "e"), ...pythonModel(BASE) },
        mended: ensemble([STEP]),
      },
    },
    function* ({ config: { platform = "", backend = "" } }) {
      if (platform === "ensemble" || (platform === "" && backend === "")) return;
      const got = platform === "" ? `backend ${backend}` : `platform ${platform}`;
      yield { at: "ensemble_scheduling", message: "it has steps", expected: 'platform: "ensemble"', got };
    },
  ),
  {
    id: "E102",
    severity: "error",
    phase: "poll",
    phrase: "ensemble scheduling must be set for ensemble",
    what: "An ensemble without steps.",
    mend: "Write ensemble_scheduling with its steps.",
    example: {
      failing: { "e/config.pbtxt": 'platform: "ensemble"\n', "e/1/placeholder": "" },
      mended: ensemble([STEP]),
    },
    *check({ config }) {
      if (config.platform !== "ensemble" || config.ensemble_scheduling !== undefined) return;
      yield { at: "platform", message: "it has no ensemble_scheduling" };
    },
  },
  notOnEnsembles(
    "E201",
    "instance_group",
    "instance group should not be specified for ensemble",
    "instance_group { kind: KIND_CPU }",
  ),
  notOnEnsembles(
    "E202",
    "optimization",
    "optimization should not be specified for ensemble",
    "optimization { priority: PRIORITY_MAX }",
  ),
  notOnEnsembles(
    "E203",
    "model_warmup",
    "model_warmup can not be specified for ensemble",
    'model_warmup { name: "w" batch_size: 1 }',
  ),
  onEnsembles(
    {
      id: "E301",
      phrase: "must specify 'step' for ensemble",
      what: "An ensemble whose list of steps is empty.",
      mend: "Write its steps.",
      example: { failing: ensemble([]), mended: ensemble([STEP]) },
    },
    function* ({ config }) {
      if ((config.ensemble_scheduling?.step ?? []).length > 0) return;
      yield { at: "ensemble_scheduling", message: "it has no step" };
    },
  ),
  needed("E401", "model_name", STEP.replace('model_name: "m"', "")),
  needed("E402", "input_map", STEP.replace(/input_map \{.*?\} /, "")),
  needed("E403", "output_map", STEP.replace(/output_map \{.*?\} /, "")),
  onGraphs(
    {
      id: "E501",
      phrase: "can appear in an output map only once",
      what: "Two steps give the same tensor.",
      mend: "Give each output a tensor of its own.",
      example: {
        failing: ensemble([STEP, STEP]),
        mended: ensemble([
          STEP.replace('value: "OUT"', 'value: "MIDDLE"'),
          STEP.replace('value: "IN"', 'value: "MIDDLE"'),
        ]),
      },
    },
    function* ({ doubles }) {
      for (const { at, name } of doubles) yield { at, message: `${name} is given already`, got: name };
    },
  ),
  {
    id: "E601",
    severity: "warning",
    phase: "poll",
    what: "A key of a map is there twice: the last one holds, without a word.",
    mend: "Take one of the two away.",
    example: {
      failing: ensemble([STEP.replace("input_map", 'input_map { key: "IN" value: "OTHER" } input_map')]),
      mended: ensemble([STEP]),
    },
    check: ({ overwritten }) => overwritten.map(({ message, position }) => ({ message, position })),
  },
  onGraphs(
    {
      id: "E701",
      phrase: "is not used",
      what: "An input of the ensemble that no step takes.",
      mend: "Map it to an input of a step, or take it away.",
      example: {
        failing: ensemble([STEP], 'input { name: "MORE" data_type: TYPE_FP32 dims: [ 4 ] }'),
        mended: ensemble([STEP]),
      },
    },
    function* ({ tensors }, { input = [] }) {
      for (const [index, { name = "" }] of input.entries()) {
        if (!tensors.has(name)) yield { at: `input[${index}]`, message: `no step takes ${name}` };
      }
    },
  ),
  onGraphs(
    {
      id: "E801",
      phrase: "is not used",
      what: "An output of the ensemble that no step gives.",
      mend: "Map an output of a step to it, or take it away.",
      example: {
        failing: ensemble([STEP], 'output { name: "MORE" data_type: TYPE_FP32 dims: [ 4 ] }'),
        mended: ensemble([STEP]),
      },
    },
    function* ({ tensors }, { output = [] }) {
      for (const [index, { name = "" }] of output.entries()) {
        if (!tensors.has(name)) yield { at: `output[${index}]`, message: `no step gives ${name}` };
      }
    },
  ),
  onGraphs(
    {
      id: "E802",
      phrase: "is not written",
      what: "An output of the ensemble that cannot be made, because something on the way is missing or waits for itself.",
      mend: "Give the tensor that the message names: as an input of the ensemble, or by a step.",
      example: {
        failing: ensemble([
          STEP.replace('output_map { key: "OUT" value: "OUT" }', 'output_map { key: "OUT" value: "OTHER" }'),
          STEP.replace('value: "IN"', 'value: "NOWHERE"'),
        ]),
        mended: ensemble([STEP]),
      },
    },
    function* ({ tensors }, { output = [] }) {
      for (const [index, { name = "" }] of output.entries()) {
        const tensor = tensors.get(name);
        if (tensor === undefined || tensor.isReady) continue;
        const got = missingSource(tensor)?.name;
        const why = got === undefined ? "no step gives it" : `${got} is not there`;
        yield { at: `output[${index}]`, message: `${name} cannot be made: ${why}`, got };
      }
    },
  ),
  onGraphs(
    {
      id: "E901",
      phrase: "is unused in ensemble",
      what: "A tensor between steps that nobody gives, or that nobody takes.",
      mend: "Take an output that nobody needs out of output_map; give what is missing.",
      example: {
        failing: ensemble([STEP, STEP.replace('value: "OUT"', 'value: "NOBODY"')]),
        mended: ensemble([STEP]),
      },
    },
    function* ({ tensors }, { output = [] }) {
      const outputs = new Set(output.map(({ name }) => name));
      for (const tensor of tensors.values()) {
        const why = outputs.has(tensor.name) ? undefined : unused(tensor);
        if (why !== undefined) yield { at: tensor.at, message: `${tensor.name}: ${why}`, got: tensor.name };
      }
    },
  ),
];
