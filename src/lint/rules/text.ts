import type { LintModel, Problem } from "../model/model.ts";
import { added, BASE, type CheckedRule, pythonModel, replaced } from "./define.ts";

/** What the reader calls text that Triton takes all the same. */
export const NOT_UTF_8 = "not-utf-8";

const PHRASE = "failed to read text proto from";

/** A rule for what the reader of config.pbtxt finds under one of its own names. */
function ofReader(
  id: string,
  finding: string,
  what: string,
  mend: string,
  example: CheckedRule["example"],
): CheckedRule {
  return {
    id,
    severity: "error",
    phrase: PHRASE,
    phase: "poll",
    what,
    mend,
    example,
    check: (model) => readerProblems(model, finding),
  };
}

function* readerProblems({ textFindings }: LintModel, rule: string): Iterable<Problem> {
  for (const finding of textFindings) {
    if (finding.rule !== rule) continue;
    const { message, hint, position } = finding;
    yield {
      message,
      ...(hint === undefined ? {} : { hint }),
      ...(position === undefined ? {} : { position }),
    };
  }
}

/** What protobuf's own parser refuses: Triton then knows nothing of the model but the name of its file. */
export const TEXT_RULES: readonly CheckedRule[] = [
  ofReader(
    "Y101",
    "syntax",
    "The text is not protobuf's text format.",
    "Mend the text at the place; a list has no comma before its bracket, and a comment begins with #.",
    replaced("dims: [ 4 ]", "dims: [ 4, ]"),
  ),
  ofReader(
    "Y102",
    "unknown-field",
    "A field that the schema does not have.",
    "Write a field of model_config.proto; the names are case sensitive.",
    added("max_batchsize: 4", "max_batch_size: 4"),
  ),
  ofReader(
    "Y103",
    "wrong-type",
    "A value of another type than the field's.",
    "Write a value of the field's type: strings in quotes, enums without.",
    added('max_batch_size: "4"', "max_batch_size: 4"),
  ),
  ofReader(
    "Y104",
    "out-of-range",
    "A number that the field cannot hold.",
    "Write a number that the field can hold.",
    added("max_batch_size: 3000000000", "max_batch_size: 4"),
  ),
  ofReader(
    "Y105",
    "unknown-value",
    "A name that the enum does not have.",
    "Write one of the names of the enum, in capitals.",
    replaced("TYPE_FP32", "TYPE_FLOAT32"),
  ),
  ofReader(
    "Y106",
    "duplicate-field",
    "A field that can have one value is set twice.",
    "Take one of the two away.",
    added("max_batch_size: 1\nmax_batch_size: 2", "max_batch_size: 2"),
  ),
  ofReader(
    "Y107",
    "oneof-conflict",
    "Two fields of which a message may have one.",
    "Take one of the two away; a model has one scheduler, and a version policy one choice.",
    added("dynamic_batching { }\nsequence_batching { }", "dynamic_batching { }"),
  ),
  {
    id: "Y108",
    severity: "warning",
    phase: "poll",
    what: "A string, a comment or the file is not UTF-8. Triton loads it; other tools, and clients that ask for the configuration, may fail to read it.",
    mend: "Save the file as UTF-8; in a string, write \\x and octal escapes that are UTF-8 together.",
    example: added('metric_tags { key: "k" value: "\\xff" }', 'metric_tags { key: "k" value: "\\xc3\\xa9" }'),
    check: (model) => readerProblems(model, NOT_UTF_8),
  },
  {
    id: "Y201",
    severity: "error",
    until: "24.10",
    phrase: PHRASE,
    phase: "poll",
    what: "`model_metrics` is a field since 24.11; an older Triton refuses the whole file.",
    mend: "Take it away, or serve with 24.11 or newer.",
    example: added(
      'model_metrics { metric_control { metric_identifier { family: "nv_inference_first_response_histogram_ms" } histogram_options { buckets: [ 1000 ] } } }',
    ),
    *check({ config }) {
      if (config.model_metrics === undefined) return;
      yield { at: "model_metrics", message: "model_metrics: no such field before 24.11" };
    },
  },
  {
    id: "Y202",
    severity: "error",
    until: "25.10",
    phrase: PHRASE,
    phase: "poll",
    what: "`max_inflight_requests` is a field since 25.11; an older Triton refuses the whole file.",
    mend: "Take it away, or serve with 25.11 or newer.",
    example: {
      failing: pythonModel('platform: "ensemble"\nensemble_scheduling { max_inflight_requests: 4 }\n', "e"),
      mended: pythonModel(BASE),
    },
    *check({ config }) {
      if (config.ensemble_scheduling?.max_inflight_requests === undefined) return;
      yield {
        at: "ensemble_scheduling.max_inflight_requests",
        message: "max_inflight_requests: no such field before 25.11",
      };
    },
  },
];
