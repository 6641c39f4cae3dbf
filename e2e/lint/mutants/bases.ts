import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { ensemble, type LintCase, MODEL_PY, python, step, tensors } from "../case.ts";
import { CASES } from "../cases/index.ts";

const WAN_TINY = path.join(import.meta.dirname, "../../../model-repository/wan-tiny/models");
const WAN_TINY_MODELS = readdirSync(WAN_TINY).sort();

function wanTinyFiles(model: string, name: string): LintCase["files"] {
  const text = readFileSync(path.join(WAN_TINY, model, "config.pbtxt"), "utf8");
  return {
    [`${name}/config.pbtxt`]: text.replace(`name: "${model}"`, `name: "${name}"`),
    [`${name}/1/model.py`]: MODEL_PY,
  };
}

/** The models of wan-tiny under their own names, for the ensembles that call them. Their Python does nothing here. */
export const WAN_TINY_FILES: LintCase["files"] = Object.assign(
  {},
  ...WAN_TINY_MODELS.map((model) => wanTinyFiles(model, model)),
) as LintCase["files"];

const flag = (kind: string): string =>
  `control_input { name: "${kind}" control { kind: CONTROL_SEQUENCE_${kind} int32_false_true: [ 0, 1 ] } }`;
const tensor = (name: string, dims = "2", type = "FP32"): string =>
  `{ name: "${name}" data_type: TYPE_${type} dims: [ ${dims} ] }`;
const X_AND_Y = `input ${tensor("X")} output ${tensor("Y")}`;

const member = (name: string, text: string): LintCase["files"] => ({
  [`${name}/config.pbtxt`]: `name: "${name}" backend: "python" ${text}`,
  [`${name}/1/model.py`]: MODEL_PY,
});

/** Models that use much at once. */
const RICH: readonly LintCase[] = [
  python(
    "batching",
    undefined,
    `max_batch_size: 8
    version_policy { specific { versions: [ 1, 3 ] } }
    dynamic_batching {
      preferred_batch_size: [ 2, 4 ] max_queue_delay_microseconds: 100 priority_levels: 3 default_priority_level: 2
      default_queue_policy { timeout_action: REJECT default_timeout_microseconds: 1000 allow_timeout_override: true max_queue_size: 4 }
      priority_queue_policy { key: 1 value { timeout_action: DELAY default_timeout_microseconds: 5 } }
    }
    instance_group { count: 1 kind: KIND_CPU rate_limiter { resources { name: "r" count: 1 } priority: 2 } }
    optimization { priority: PRIORITY_MAX input_pinned_memory { enable: false } eager_batching: true }
    parameters { key: "a" value { string_value: "b" } }
    parameters { key: "FORCE_CPU_ONLY_INPUT_TENSORS" value { string_value: "no" } }
    metric_tags { key: "team" value: "video" }
    response_cache { enable: true }`,
    { "@/3/model.py": MODEL_PY },
  ),
  python(
    "sequence",
    undefined,
    `max_batch_size: 4
    sequence_batching {
      max_sequence_idle_microseconds: 1000
      ${flag("START")} ${flag("END")} ${flag("READY")}
      control_input { name: "ID" control { kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_UINT64 } }
      oldest { max_candidate_sequences: 4 preferred_batch_size: [ 2, 4 ] max_queue_delay_microseconds: 10 }
      state { input_name: "SI" output_name: "SO" data_type: TYPE_FP32 dims: [ 2, 2 ]
        initial_state { name: "zero" data_type: TYPE_FP32 dims: [ 2, 2 ] zero_data: true } }
      state { input_name: "TI" output_name: "TO" data_type: TYPE_INT32 dims: [ 2 ]
        initial_state { name: "file" data_type: TYPE_INT32 dims: [ 2 ] data_file: "t" } }
    }`,
    { "@/initial_state/t": "12345678" },
  ),
  python(
    "direct",
    undefined,
    `sequence_batching { ${flag("START")} direct { minimum_slot_utilization: 0.5 } }`,
  ),
  tensors(
    "tensors",
    undefined,
    `max_batch_size: 4
    input [ { name: "X" data_type: TYPE_FP32 dims: [ -1 ] allow_ragged_batch: true },
            { name: "O" data_type: TYPE_INT64 dims: [ 1 ] optional: true reshape { } },
            { name: "IMAGE" data_type: TYPE_UINT8 format: FORMAT_NHWC dims: [ 4, 4, 3 ] reshape { shape: [ 48 ] } } ]
    output [ ${tensor("Y", "-1")}, { name: "CLASS" data_type: TYPE_FP32 dims: [ 2 ] label_filename: "labels.txt" } ]
    batch_input { kind: BATCH_ACCUMULATED_ELEMENT_COUNT target_name: "ENDS" data_type: TYPE_INT32 source_input: "X" }
    batch_output { kind: BATCH_SCATTER_WITH_INPUT_SHAPE target_name: "Y" source_input: "X" }`,
    { "@/labels.txt": "cat\ndog\n" },
  ),
  tensors(
    "warm",
    undefined,
    `max_batch_size: 2
    input [ ${tensor("X")}, ${tensor("T", "1", "STRING")}, { name: "O" data_type: TYPE_INT32 dims: [ 1 ] optional: true } ]
    output ${tensor("Y")}
    model_warmup { name: "one" batch_size: 1 count: 1
      inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } }
      inputs { key: "T" value { data_type: TYPE_STRING dims: [ 1 ] zero_data: true } } }
    model_warmup { name: "two" batch_size: 2
      inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] input_data_file: "x" } }
      inputs { key: "T" value { data_type: TYPE_STRING dims: [ 1 ] zero_data: true } }
      inputs { key: "O" value { data_type: TYPE_INT32 dims: [ 1 ] random_data: true } } }`,
    { "@/warmup/x": "1234567890123456" },
  ),
  python("streaming", undefined, "model_transaction_policy { decoupled: true } version_policy { all { } }"),
  ensemble(
    "branches",
    undefined,
    `max_batch_size: 2
    input [ ${tensor("IN")}, { name: "MAYBE" data_type: TYPE_FP32 dims: [ 2 ] optional: true } ]
    output [ ${tensor("OUT")}, ${tensor("SIDE", "-1")} ]
    ensemble_scheduling {
      ${step("@a", "X=IN", "Y=a")}
      ${step("@b", "X=a", "Y=b")}
      ${step("@two", "A=a B=b MAYBE=MAYBE", "Y=OUT")}
      ${step("open", "X=b", "Y=SIDE", "model_version: 1")}
    }
    parameters { key: "a" value { string_value: "b" } }`,
    {
      ...member("@a", `max_batch_size: 4 ${X_AND_Y} dynamic_batching { preferred_batch_size: [ 2 ] }`),
      ...member(
        "@b",
        `max_batch_size: 2 input { name: "X" data_type: TYPE_FP32 dims: [ -1 ] } output ${tensor("Y")}`,
      ),
      ...member(
        "@two",
        `max_batch_size: 8
        input [ ${tensor("A")}, ${tensor("B")}, { name: "MAYBE" data_type: TYPE_FP32 dims: [ 2 ] optional: true } ]
        output [ ${tensor("Y")}, ${tensor("UNUSED")} ]`,
      ),
    },
  ),
  ensemble(
    "streams",
    undefined,
    `input ${tensor("IN")} output ${tensor("OUT")}
    ensemble_scheduling { ${step("plain", "X=IN", "Y=a")} ${step("@s", "X=a", "Y=b")} ${step("plain", "X=b", "Y=OUT")} }`,
    member("@s", `${X_AND_Y} model_transaction_policy { decoupled: true }`),
  ),
];

/** Good repositories that mutants are made from: wan-tiny, those above, and the good ones among the cases. */
export const BASES: readonly LintCase[] = [
  ...WAN_TINY_MODELS.map((model) => ({ id: `wan_${model}`, files: wanTinyFiles(model, "@") })),
  // Often enough to matter beside the many small ones.
  ...RICH.flatMap((sample) => [sample, sample, sample, sample]),
  ...CASES.filter(({ says }) => says === undefined),
];
