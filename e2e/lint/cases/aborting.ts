import { ensemble, type LintCase, MODEL_PY, python, step, TENSORS } from "../case.ts";

/** A case that takes the whole server down as the model is loaded. */
export interface AbortingCase extends LintCase {
  /** The rules by which lint refuses it. */
  readonly rules: readonly string[];
  /** What the server writes at its end. */
  readonly last: string;
}

const tag = (key: string): string => `metric_tags { key: "${key}" value: "v" }`;

/** Keys that give no label of Prometheus, once Triton has put its underscore before them. */
const BAD_KEYS = {
  dash: "a-b",
  dot: "a.b",
  colon: "a:b",
  space: "a b",
  under: "_a",
  accent: "é",
  nul: "a\\000b",
};

const tagged = (sample: LintCase): AbortingCase => ({
  ...sample,
  rules: ["X301"],
  last: "Invalid label name",
});

/** Every case of which the server aborts; each costs a start of it. */
export const ABORTING_CASES: readonly AbortingCase[] = [
  {
    // No 64 bits hold it: the server aborts as it reads the folder's name.
    ...python("R6.huge", undefined, "", { "@/99999999999999999999/model.py": MODEL_PY }),
    rules: ["P101", "R604"],
    last: "out_of_range",
  },
  {
    ...python("I9.no_output", undefined, 'max_batch_size: 4 batch_output { source_input: "X" }'),
    rules: ["I906"],
    last: "Signal (11) received",
  },
  {
    ...python("N12.no_agent", undefined, "model_repository_agents { }"),
    rules: ["N1203"],
    last: "Signal (11) received",
  },
  ...Object.entries(BAD_KEYS).map(([id, key]) => tagged(python(`X3.${id}`, undefined, tag(key)))),
  tagged(
    ensemble(
      "X3.ensemble",
      undefined,
      `${TENSORS} ${tag("a-b")} ensemble_scheduling { ${step("plain", "X=X", "Y=Y")} }`,
    ),
  ),
];
