import type { LintModel, LintRepository, Problem } from "../model/model.ts";
import type { ExampleFiles, Rule, RuleExample } from "../types.ts";

/** A rule with its check. */
export interface CheckedRule extends Rule {
  /** When Triton looks: at the text alone, when it loads the model, or when all models of an ensemble are loaded. */
  readonly phase: "poll" | "load" | "ensemble";
  readonly check: (model: LintModel, repository: LintRepository) => Iterable<Problem>;
}

/** A Python model that does nothing, and that Triton loads. */
export const MODEL_PY = "class TritonPythonModel:\n    def execute(self, requests):\n        return []\n";

/** A whole configuration that is right. */
export const BASE = [
  'backend: "python"',
  'input { name: "IN" data_type: TYPE_FP32 dims: [ 4 ] }',
  'output { name: "OUT" data_type: TYPE_FP32 dims: [ 4 ] }',
  "instance_group { kind: KIND_CPU }",
  "",
].join("\n");

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
