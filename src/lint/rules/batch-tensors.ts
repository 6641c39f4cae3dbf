import type { ModelConfigMessage } from "../../model-config/index.ts";
import type { Problem } from "../model/model.ts";
import { added, type CheckedRule } from "./define.ts";

/** What a batch input or a batch output has. */
interface BatchPlace {
  readonly at: string;
  /** A number where the schema has no name for it. */
  readonly kind: string | number;
  readonly sources: readonly string[];
  readonly targets: readonly string[];
  /** Of an input only. */
  readonly type?: string;
}

function placesOf({
  batch_input: inputs = [],
  batch_output: outputs = [],
}: ModelConfigMessage): BatchPlace[] {
  return [
    ...inputs.map((input, index) => ({
      at: `batch_input[${index}]`,
      kind: input.kind ?? "BATCH_ELEMENT_COUNT",
      sources: input.source_input ?? [],
      targets: [],
      type: String(input.data_type ?? "TYPE_INVALID"),
    })),
    ...outputs.map((output, index) => ({
      at: `batch_output[${index}]`,
      kind: output.kind ?? "BATCH_SCATTER_WITH_INPUT_SHAPE",
      sources: output.source_input ?? [],
      targets: output.target_name ?? [],
    })),
  ];
}

/** A rule on what the batcher gives to a model and takes from it, which is for ragged batches. */
function onBatches(
  rule: Omit<CheckedRule, "severity" | "phase" | "check">,
  check: (place: BatchPlace, config: ModelConfigMessage) => Omit<Problem, "at"> | undefined,
): CheckedRule {
  return {
    ...rule,
    severity: "error",
    phase: "tensors",
    *check({ config }) {
      for (const place of placesOf(config)) {
        const problem = check(place, config);
        if (problem !== undefined) yield { at: place.at, ...problem };
      }
    },
  };
}

function batchInput(source: string, type = "TYPE_INT32"): string {
  return `batch_input { kind: BATCH_ELEMENT_COUNT target_name: "COUNT" data_type: ${type} ${source} }`;
}

function batchOutput(...targets: readonly string[]): string {
  const names = targets.map((name) => `"${name}"`).join(", ");
  return `batch_output { target_name: [ ${names} ] source_input: "IN" }`;
}

const GOOD = batchInput('source_input: "IN"');

/** Batch inputs and batch outputs (I9). */
export const BATCH_TENSOR_RULES: readonly CheckedRule[] = [
  onBatches(
    {
      id: "I901",
      phrase: "expects 1 source input",
      what: "A batch input or output is made from other than one input.",
      mend: "Write one source_input.",
      example: added(batchInput(""), GOOD),
    },
    ({ sources }) =>
      sources.length === 1
        ? undefined
        : { message: "other than one source", expected: "1", got: `${sources.length}` },
  ),
  onBatches(
    {
      id: "I902",
      phrase: "batch input data type must be TYPE_INT32 or TYPE_FP32",
      what: "A batch input has a type that counts do not have.",
      mend: "Write data_type: TYPE_INT32 or TYPE_FP32.",
      example: added(batchInput('source_input: "IN"', "TYPE_INT64"), GOOD),
    },
    ({ type = "TYPE_INT32" }) =>
      type === "TYPE_INT32" || type === "TYPE_FP32"
        ? undefined
        : { message: "no type of a batch input", expected: "TYPE_INT32 or TYPE_FP32", got: type },
  ),
  onBatches(
    {
      id: "I903",
      phrase: "unknown source input name",
      isCompletable: true,
      what: "A batch input or output is made from an input that there is not.",
      mend: "Name one of the model's inputs.",
      example: added(batchInput('source_input: "OTHER"'), GOOD),
    },
    ({ sources }, { input = [] }) => {
      const got = sources.find((source) => !input.some(({ name }) => name === source));
      return got === undefined ? undefined : { message: `there is no input ${got}`, got };
    },
  ),
  onBatches(
    {
      id: "I904",
      phrase: "unknown target output name",
      isCompletable: true,
      what: "A batch output is for an output that there is not.",
      mend: "Name one of the model's outputs.",
      example: added(batchOutput("OTHER"), batchOutput("OUT")),
    },
    ({ targets }, { output = [] }) => {
      const got = targets.find((target) => !output.some(({ name }) => name === target));
      return got === undefined ? undefined : { message: `there is no output ${got}`, got };
    },
  ),
  onBatches(
    {
      id: "I905",
      phrase: "can only be specified once",
      what: "A batch output names an output twice.",
      mend: "Name it once.",
      example: added(batchOutput("OUT", "OUT"), batchOutput("OUT")),
    },
    ({ targets }) => {
      const got = targets.find((target, index) => targets.indexOf(target) < index);
      return got === undefined ? undefined : { message: `${got} is there twice`, got };
    },
  ),
  onBatches(
    {
      id: "I906",
      what: "A batch output names no output: Triton ends with a segmentation fault as it loads the model.",
      mend: "Write the name of the output as target_name.",
      example: added('batch_output { source_input: "IN" }', batchOutput("OUT")),
    },
    ({ at, targets }) =>
      at.startsWith("batch_output") && targets.length === 0
        ? { message: "no output is named: the server ends", expected: "target_name" }
        : undefined,
  ),
  onBatches(
    {
      id: "I907",
      phrase: "unknown batch ",
      what: "A kind of batch input or output as a number that stands for none.",
      mend: "Write the kind by its name, such as BATCH_ELEMENT_COUNT.",
      example: added(GOOD.replace("BATCH_ELEMENT_COUNT", "77"), GOOD),
    },
    ({ kind }) => (typeof kind === "number" ? { message: "no such kind", got: `${kind}` } : undefined),
  ),
];
