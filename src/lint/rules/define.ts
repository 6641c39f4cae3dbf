import type { ModelConfigMessage } from "../../model-config/index.ts";
import { isEngine } from "../model/engine.ts";
import type { LintModel, LintRepository, Phase, Problem } from "../model/model.ts";
import type { ExampleFiles, Rule, RuleExample } from "../types.ts";

/** A rule with its check. */
export interface CheckedRule extends Rule {
  /** `tensors`: with the text, or, on a server that completes configurations, once that is done as the model is loaded. */
  readonly phase: Phase | "tensors";
  /** True where the server may complete what the rule misses: then nobody knows. */
  readonly isCompletable?: true;
  readonly check: (model: LintModel, repository: LintRepository) => Iterable<Problem>;
}

type Batchers = Pick<ModelConfigMessage, "dynamic_batching" | "sequence_batching">;

/** Makes rules on a batcher, which all models but few have not. */
export function onBatcher<F extends keyof Batchers>(
  field: F,
): (
  rule: Omit<CheckedRule, "severity" | "phase" | "check">,
  check: (batching: NonNullable<Batchers[F]>, config: ModelConfigMessage) => Iterable<Problem>,
) => CheckedRule {
  return (rule, check) => ({
    ...rule,
    severity: "error",
    phase: "poll",
    check: ({ config }) => {
      const batching = config[field];
      return batching ? check(batching, config) : [];
    },
  });
}

/** A Python model that answers nothing, and that Triton loads and warms up. */
export const MODEL_PY = [
  "import triton_python_backend_utils as pb_utils",
  "",
  "",
  "class TritonPythonModel:",
  "    def execute(self, requests):",
  "        return [pb_utils.InferenceResponse([]) for _ in requests]",
  "",
].join("\n");

/** What ends a word of a shell, or changes it. */
export const SHELL = /[\s;&|$`<>()'"\\]/;

/** A whole configuration that is right. */
export const BASE = [
  'backend: "python"',
  'input { name: "IN" data_type: TYPE_FP32 dims: [ 4 ] }',
  'output { name: "OUT" data_type: TYPE_FP32 dims: [ 4 ] }',
  "instance_group { kind: KIND_CPU }",
  "",
].join("\n");

/** A parameter of a model as text. */
export function parameter(key: string, value: string): string {
  return `parameters { key: "${key}" value { string_value: "${value}" } }`;
}

/** A repository of one Python model. */
export function pythonModel(config: string, name = "m"): ExampleFiles {
  return { [`${name}/config.pbtxt`]: config, [`${name}/1/model.py`]: MODEL_PY };
}

/** An example in which lines are added to {@link BASE}. */
export function added(failing: string, mended = ""): RuleExample {
  const text = (lines: string): string => (lines === "" ? BASE : `${BASE}${lines}\n`);
  return { failing: pythonModel(text(failing)), mended: pythonModel(text(mended)) };
}

/** An example in which a piece of {@link BASE} is another one. */
export function replaced(piece: string, failing: string, mended = piece): RuleExample {
  return {
    failing: pythonModel(BASE.replace(piece, failing)),
    mended: pythonModel(BASE.replace(piece, mended)),
  };
}

/** An example by the whole text of a configuration. */
export function configs(failing: string, mended: string): RuleExample {
  return { failing: pythonModel(failing), mended: pythonModel(mended) };
}

/** The first bytes of a plan that TensorRT 11.2.1 made. */
const PLAN = `ftrt${"\0".repeat(20)}\u000b\u0002\u0001\u0002`;

/** A repository of one TensorRT engine. */
export function planModel(config: string, plan = PLAN): ExampleFiles {
  return { "m/config.pbtxt": config, "m/1/model.plan": plan };
}

/** {@link BASE} for an engine. */
export const PLAN_BASE = BASE.replace("python", "tensorrt").replace("KIND_CPU", "KIND_GPU");

/** An example of an engine in which something stands beside the kind of the instances. */
export function planExample(failing: string, mended = ""): RuleExample {
  const text = (more: string): string => PLAN_BASE.replace("KIND_GPU", `KIND_GPU ${more}`.trimEnd());
  return { failing: planModel(text(failing)), mended: planModel(text(mended)) };
}

/** A rule on models of TensorRT. */
export function onEngines(
  rule: Omit<CheckedRule, "phase" | "check">,
  check: CheckedRule["check"],
): CheckedRule {
  return {
    ...rule,
    phase: "load",
    check: (model, repository) => (isEngine(model) ? check(model, repository) : []),
  };
}
