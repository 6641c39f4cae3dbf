import type { LintModel, Problem } from "../model/model.ts";
import { type SamplePlace, samplesOf } from "../model/samples.ts";
import { isNoFile, sizeAt } from "../model/spot.ts";
import { bytesOfType, countOf, dimsText } from "../model/tensors.ts";
import { added, type CheckedRule } from "./define.ts";

const INPUT = "data_type: TYPE_FP32 dims: [ 4 ] zero_data: true";

function sample(input: string, batch = 1, name = "IN"): string {
  return `model_warmup { name: "w" batch_size: ${batch} inputs { key: "${name}" value { ${input} } } }`;
}

const GOOD = sample(INPUT);

/** A rule on each input of each sample. */
function onSamples(
  rule: Omit<CheckedRule, "phase" | "check">,
  check: (place: SamplePlace, model: LintModel) => Omit<Problem, "at"> | undefined,
): CheckedRule {
  return {
    ...rule,
    phase: "load",
    *check(model) {
      // An ensemble with samples is refused for having them.
      if (model.config.ensemble_scheduling !== undefined) return;
      for (const place of samplesOf(model.config)) {
        const problem = check(place, model);
        if (problem !== undefined) yield { at: place.at, ...problem };
      }
    },
  };
}

/** Whether a sample's dims are those of the model, free ones taking any size. */
function fits(dims: readonly bigint[], wanted: readonly bigint[]): boolean {
  return dims.length === wanted.length && wanted.every((dim, at) => dim === -1n || dim === dims[at]);
}

/** Warm-up samples (W). */
export const WARMUP_RULES: readonly CheckedRule[] = [
  {
    id: "W101",
    severity: "warning",
    phase: "load",
    what: "A sample with a batch of 0 is passed over without a word.",
    mend: "Write batch_size, from 1.",
    example: added(sample(INPUT, 0), GOOD),
    *check({ config }) {
      for (const [index, { batch_size: size = 0 }] of (config.model_warmup ?? []).entries()) {
        if (size === 0)
          yield { at: `model_warmup[${index}]`, message: "its batch_size is 0: it is passed over" };
      }
    },
  },
  {
    id: "W102",
    severity: "error",
    isCompletable: true,
    phrase: "failed to run warmup sample",
    phase: "load",
    what: "A sample has a batch above `max_batch_size`.",
    mend: "Write a batch_size of at most max_batch_size.",
    example: added(`max_batch_size: 2\n${sample(INPUT, 3)}`, `max_batch_size: 2\n${GOOD}`),
    *check({ config: { model_warmup: samples = [], max_batch_size: max = 0 } }) {
      for (const [index, { batch_size: size = 0 }] of samples.entries()) {
        const at = `model_warmup[${index}].batch_size`;
        // A model without batches takes one request at a time.
        if (size > Math.max(1, max))
          yield { at, message: "above max_batch_size", expected: `at most ${max}`, got: `${size}` };
      }
    },
  },
  onSamples(
    {
      id: "W201",
      severity: "error",
      phrase: "warmup setting expects all variable-size dimensions are specified",
      what: "A sample with a free dim.",
      mend: "Write the size that the sample is to have.",
      example: added(sample(INPUT.replace("4", "-1")), GOOD),
    },
    ({ name, input: { dims = [] } }) =>
      countOf(dims) === -1n ? { message: `a free dim for ${name}`, got: dimsText(dims) } : undefined,
  ),
  onSamples(
    {
      id: "W301",
      severity: "error",
      phrase: "to have input_data_type set",
      what: "A sample says nothing of an input's data.",
      mend: "Write zero_data, random_data or input_data_file.",
      example: added(sample("data_type: TYPE_FP32 dims: [ 4 ]"), GOOD),
    },
    ({ name, input: { zero_data: zeros, random_data: random, input_data_file: file } }) =>
      zeros === undefined && random === undefined && file === undefined
        ? { message: `no data for ${name}` }
        : undefined,
  ),
  onSamples(
    {
      id: "W302",
      severity: "error",
      phrase: "failed to open text file for read",
      what: "A sample's file is not there.",
      mend: "Put the file into the folder `warmup` of the model.",
      example: added(sample('data_type: TYPE_FP32 dims: [ 4 ] input_data_file: "sample"'), GOOD),
    },
    ({ input: { input_data_file: file } }, model) =>
      file === undefined || !isNoFile(model, "warmup", file)
        ? undefined
        : { message: `there is no file warmup/${file}`, got: file },
  ),
  onSamples(
    {
      id: "W303",
      severity: "error",
      phrase: "warmup setting expects",
      what: "A sample's file is too short.",
      mend: "Write as many bytes into the file as the tensor has.",
      example: shortFile(),
    },
    ({ input: { input_data_file: file, dims = [], data_type: type } }, model) => {
      if (file === undefined || type === "TYPE_STRING") return undefined;
      const [got, expected] = [sizeAt(model, "warmup", file), Number(countOf(dims)) * bytesOfType(type)];
      if (got === undefined || got >= expected) return undefined;
      return { message: `warmup/${file} is too short`, expected: `${expected} bytes`, got: `${got}` };
    },
  ),
  onSamples(
    {
      id: "W401",
      severity: "warning",
      isCompletable: true,
      what: "A sample gives an input that the model does not have.",
      mend: "Name one of the model's inputs.",
      example: added(sample(INPUT, 1, "OTHER"), GOOD),
    },
    ({ name }, { config: { input = [] } }) =>
      input.some((found) => found.name === name) ? undefined : { message: `the model has no input ${name}` },
  ),
  onSamples(
    {
      id: "W402",
      severity: "error",
      isCompletable: true,
      phrase: "data-type is",
      what: "A sample gives an input another datatype than the model declares.",
      mend: "Write the datatype that the model declares.",
      example: added(sample(INPUT.replace("FP32", "INT32")), GOOD),
    },
    ({ name, input: { data_type: type } }, { config: { input = [] } }) => {
      const declared = input.find((found) => found.name === name);
      if (declared === undefined || declared.data_type === type) return undefined;
      const [expected, got] = [String(declared.data_type), String(type ?? "TYPE_INVALID")];
      return { message: `${name} is declared otherwise`, expected, got };
    },
  ),
  onSamples(
    {
      id: "W403",
      severity: "error",
      isCompletable: true,
      phrase: "unexpected shape for input",
      what: "A sample gives an input another shape than the model declares.",
      mend: "Write the dims that the model declares, without the batch, and a size where one is free.",
      example: added(sample(INPUT.replace("4", "5")), GOOD),
    },
    ({ name, input: { dims = [] } }, { config: { input = [] } }) => {
      const { dims: wanted } = input.find((found) => found.name === name) ?? {};
      if (wanted === undefined || fits(dims, wanted)) return undefined;
      return { message: `${name} is declared otherwise`, expected: dimsText(wanted), got: dimsText(dims) };
    },
  ),
  {
    id: "W404",
    severity: "error",
    isCompletable: true,
    phrase: "missing required input",
    phase: "load",
    what: "A sample leaves out an input that the model needs.",
    mend: "Give the sample every input that is not optional.",
    example: added('model_warmup { name: "w" batch_size: 1 }', GOOD),
    *check({ config }) {
      if (config.ensemble_scheduling !== undefined) return;
      const names = (config.input ?? []).map(({ name = "" }) => name);
      const needed = (config.input ?? []).filter(({ optional }) => optional !== true).length;
      for (const [index, { batch_size: size = 0, inputs = {} }] of (config.model_warmup ?? []).entries()) {
        // Triton counts those that the model has, the optional ones too.
        const given = Object.keys(inputs).filter((name) => names.includes(name)).length;
        if (size === 0 || given >= needed) continue;
        yield {
          at: `model_warmup[${index}]`,
          message: "it gives too few of the model's inputs",
          expected: `${needed} at least`,
          got: `${given}`,
        };
      }
    },
  },
];

function shortFile(): CheckedRule["example"] {
  const { failing } = added(sample('data_type: TYPE_FP32 dims: [ 4 ] input_data_file: "sample"'));
  return {
    failing: { ...failing, "m/warmup/sample": "12 bytes...." },
    mended: { ...failing, "m/warmup/sample": "16 bytes........" },
  };
}
