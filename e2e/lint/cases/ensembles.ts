import { config, ensemble, type LintCase, step, TENSORS } from "../case.ts";

const FRONT =
  'input { name: "IN" data_type: TYPE_FP32 dims: [ 2 ] } output { name: "OUT" data_type: TYPE_FP32 dims: [ 2 ] }';
const input = (name: string, more = ""): string =>
  `input { name: "${name}" data_type: TYPE_FP32 dims: [ 2 ] ${more} }`;
const output = (name: string): string => `output { name: "${name}" data_type: TYPE_FP32 dims: [ 2 ] }`;
const steps = (...texts: readonly string[]): string => `ensemble_scheduling { ${texts.join(" ")} }`;
const graph = (...texts: readonly string[]): string => `${FRONT} ${steps(...texts)}`;
const only = step("plain", "X=IN", "Y=OUT");

/** Rules E: the graph of an ensemble. */
export const GRAPH_CASES: readonly LintCase[] = [
  ensemble("E0.good", undefined, graph(only)),
  ensemble("E0.chain", undefined, graph(step("plain", "X=IN", "Y=a"), step("plain", "X=a", "Y=OUT"))),
  ensemble(
    "E0.branches",
    undefined,
    graph(step("plain", "X=IN", "Y=a"), step("plain", "X=IN", "Y=b"), step("two", "A=a B=b", "Y=OUT")),
  ),
  config(
    "E1",
    "ensemble scheduling cannot be set for model",
    `backend: "python" ${TENSORS} ensemble_scheduling { ${step("plain", "X=X", "Y=Y")} }`,
  ),
  ensemble("E1.no_scheduling", "ensemble scheduling must be set for ensemble", FRONT),
  ensemble("E1.dynamic", "ensemble scheduling must be set for ensemble", `${FRONT} dynamic_batching { }`),
  ensemble(
    "E2.instances",
    "instance group should not be specified for ensemble",
    `${graph(only)} instance_group { kind: KIND_CPU }`,
  ),
  ensemble(
    "E2.instances_empty",
    "instance group should not be specified for ensemble",
    `${graph(only)} instance_group { }`,
  ),
  ensemble(
    "E2.optimization",
    "optimization should not be specified for ensemble",
    `${graph(only)} optimization { }`,
  ),
  ensemble("E2.warmup", "model_warmup can not be specified for ensemble", `${graph(only)} model_warmup { }`),
  ensemble("E2.cache", undefined, `${graph(only)} response_cache { enable: true }`),
  ensemble("E2.parameters", undefined, `${graph(only)} parameters { key: "a" value { string_value: "b" } }`),
  ensemble("E2.file_name", undefined, `${graph(only)} default_model_filename: "x"`),
  ensemble("E3", "must specify 'step' for ensemble", `${FRONT} ensemble_scheduling { }`),
  ensemble(
    "E4.no_model",
    "must specify 'model_name' in step 0 of ensemble",
    graph(step("", "X=IN", "Y=OUT")),
  ),
  ensemble(
    "E4.no_inputs",
    "must specify 'input_map' in step 0 of ensemble",
    `${output("OUT")} ${steps(step("source", "", "Y=OUT"))}`,
  ),
  ensemble(
    "E4.no_outputs",
    "must specify 'output_map' in step 1 of ensemble",
    graph(only, step("sink", "X=IN", "")),
  ),
  ensemble(
    "E4.empty_key",
    "ensemble tensor IN is mapping to non-existing input  in model plain",
    graph(step("plain", "=IN", "Y=OUT")),
  ),
  ensemble("E4.empty_value", "is not used", graph(step("plain", "X=", "Y=OUT"))),
  ensemble(
    "E4.namespace",
    undefined,
    graph(step("plain", "X=IN", "Y=OUT", 'model_version: -1 model_namespace: "n"')),
  ),
  ensemble(
    "E5",
    "ensemble tensor 'OUT' can appear in an output map only once for ensemble",
    graph(only, step("plain", "X=IN", "Y=OUT")),
  ),
  ensemble(
    "E6",
    undefined,
    graph(
      'step { model_name: "plain" model_version: -1 input_map { key: "X" value: "IN" } input_map { key: "X" value: "IN" } output_map { key: "Y" value: "OUT" } }',
    ),
  ),
  ensemble(
    "E6.other",
    "is not used",
    `${FRONT} ${input("I2")} ${steps('step { model_name: "plain" model_version: -1 input_map { key: "X" value: "IN" } input_map { key: "X" value: "I2" } output_map { key: "Y" value: "OUT" } }')}`,
  ),
  ensemble("E7", "is not used", `${input("UNUSED")} ${graph(only)}`),
  ensemble("E8", "is not used", `${output("MORE")} ${graph(only)}`),
  ensemble(
    "E8.cycle",
    "is not written: at least one of its depending tensors, 'b', is not connected",
    graph(step("two", "A=IN B=b", "Y=a"), step("two", "A=a", "Y=OUT Z=b")),
  ),
  ensemble("E8.self", "is not written", graph(step("two", "A=IN B=OUT", "Y=OUT"))),
  ensemble(
    "E8.unwritten",
    "is not written: at least one of its depending tensors, 'q', is not connected",
    graph(step("two", "A=IN B=q", "Y=OUT")),
  ),
  ensemble(
    "E8.through",
    "must specify 'output_map' in step 1 of ensemble",
    `${input("IN")} ${output("IN")} ${steps(step("plain", "X=IN", "Y=a"), step("sink", "X=a", ""))}`,
  ),
  ensemble("E8.input_as_output", undefined, `${input("IN")} ${output("IN")} ${output("OUT")} ${steps(only)}`),
  ensemble("E9", "ensemble tensor 'z' is unused in ensemble", graph(step("two", "A=IN", "Y=OUT Z=z"))),
  ensemble(
    "E9.whole_step",
    "ensemble tensor 'z' is unused in ensemble",
    graph(only, step("plain", "X=IN", "Y=z")),
  ),
  ensemble(
    "E10.written_input",
    undefined,
    `${input("IN")} ${input("a")} ${output("OUT")} ${steps(step("plain", "X=IN", "Y=a"), step("plain", "X=a", "Y=OUT"))}`,
  ),
  ensemble("E10.optional", undefined, `${input("IN", "optional: true")} ${output("OUT")} ${steps(only)}`),
  ensemble(
    "E10.inflight",
    'Message type "inference.ModelEnsembling" has no field named "max_inflight_requests"',
    `${FRONT} ensemble_scheduling { max_inflight_requests: 2 ${only} }`,
  ),
  ensemble("E11.no_tensors", "ensemble tensor 'IN' is unused in ensemble", steps(only)),
  ensemble("E11.no_output", "ensemble tensor 'OUT' is unused in ensemble", `${input("IN")} ${steps(only)}`),
  ensemble(
    "E11.no_input",
    "is not written: at least one of its depending tensors, 'IN', is not connected",
    `${output("OUT")} ${steps(only)}`,
  ),
];

/** Rules F: an ensemble beside the models that it calls. */
export const MEMBER_CASES: readonly LintCase[] = [
  ensemble(
    "F1",
    "contains models that are not available or ambiguous: nowhere",
    graph(step("nowhere", "X=IN", "Y=OUT")),
  ),
  ensemble(
    "F1.broken",
    "depends on 'broken' which has no loaded version. Model 'broken' loading failed with error: version 1 is at UNAVAILABLE state: Invalid argument: instance group broken_0 of model broken has kind KIND_GPU but no GPUs are available",
    graph(step("broken", "X=IN", "Y=OUT")),
  ),
  ensemble(
    "F1.version",
    "depends on 'plain' whose required version 7 is not loaded",
    graph(step("plain", "X=IN", "Y=OUT", "model_version: 7")),
  ),
  ensemble("F1.version_one", undefined, graph(step("plain", "X=IN", "Y=OUT", "model_version: 1"))),
  ensemble(
    "F1.no_version",
    "depends on 'plain' whose required version 0 is not loaded",
    graph(step("plain", "X=IN", "Y=OUT", "")),
  ),
  ensemble(
    "F1.version_low",
    "depends on 'plain' whose required version -2 is not loaded",
    graph(step("plain", "X=IN", "Y=OUT", "model_version: -2")),
  ),
  ensemble("F2", "circular dependency between ensembles", graph(step("@", "IN=IN", "OUT=OUT"))),
  ensemble("F2.two", "circular dependency between ensembles", graph(step("@b", "IN=IN", "OUT=OUT")), {
    "@b/config.pbtxt": `name: "@b" platform: "ensemble" ${graph(step("@", "IN=IN", "OUT=OUT"))}`,
    "@b/1/.keep": "",
  }),
  ensemble("F2.nested", undefined, graph(step("@b", "IN=IN", "OUT=OUT")), {
    "@b/config.pbtxt": `name: "@b" platform: "ensemble" ${graph(only)}`,
    "@b/1/.keep": "",
  }),
  ensemble(
    "F3",
    "allows maximum batch size 8, but it contains model batch4 which only allows maximum batch size to be 4",
    `max_batch_size: 8 ${graph(step("batch4", "X=IN", "Y=OUT"))}`,
  ),
  ensemble("F3.smaller", undefined, `max_batch_size: 2 ${graph(step("batch4", "X=IN", "Y=OUT"))}`),
  ensemble("F3.zero_inside", undefined, `max_batch_size: 2 ${graph(only)}`),
  ensemble("F3.square_inside", undefined, `max_batch_size: 2 ${graph(step("open", "X=IN", "Y=OUT"))}`),
  ensemble(
    "F3.batching_inside",
    undefined,
    `${FRONT.replaceAll("[ 2 ]", "[ 1, 2 ]")} ${steps(step("batch4", "X=IN", "Y=OUT"))}`,
  ),
  ensemble("F3.batching_bare", undefined, graph(step("batch4", "X=IN", "Y=OUT"))),
  ensemble(
    "F4.unknown_input",
    "ensemble tensor IN is mapping to non-existing input Q in model plain",
    graph(step("plain", "Q=IN", "Y=OUT")),
  ),
  ensemble(
    "F4.more_inputs",
    "ensemble tensor IN is mapping to non-existing input Q in model plain",
    graph(step("plain", "X=IN Q=IN", "Y=OUT")),
  ),
  ensemble(
    "F4.missing_input",
    "input B in model both is not mapped to any ensemble tensors",
    graph(step("both", "A=IN", "Y=OUT")),
  ),
  ensemble("F4.optional_left", undefined, graph(step("two", "A=IN", "Y=OUT"))),
  ensemble(
    "F4.unknown_output",
    "ensemble tensor OUT is mapped from non-existing output Q in model plain",
    graph(step("plain", "X=IN", "Q=OUT")),
  ),
  ensemble(
    "F4.same_tensor",
    "ensemble tensor 'OUT' can appear in an output map only once for ensemble",
    graph(step("two", "A=IN", "Y=OUT Z=OUT")),
  ),
  ensemble(
    "F4.doubled_output",
    "multiple outputs in model doubled are mapped to the same ensemble tensor OUT",
    graph(step("doubled", "X=IN", "Y=OUT")),
  ),
  ensemble("F4.fan_out", undefined, graph(step("both", "A=IN B=IN", "Y=OUT"))),
  ensemble(
    "F5",
    "ensemble tensor IN: inconsistent data type: TYPE_FP32 is inferred from model",
    graph(step("ints", "X=IN", "Y=OUT")),
  ),
  ensemble(
    "F5.between",
    "ensemble tensor a: inconsistent data type: TYPE_FP32 is inferred from model plain while TYPE_INT32 is inferred from model ints",
    graph(step("plain", "X=IN", "Y=a"), step("ints", "X=a", "Y=OUT")),
  ),
  ensemble(
    "F5.output",
    "ensemble tensor OUT: inconsistent data type: TYPE_INT32 is inferred from model",
    `${input("IN")} output { name: "OUT" data_type: TYPE_INT32 dims: [ 2 ] } ${steps(only)}`,
  ),
  ensemble(
    "F6",
    "ensemble tensor IN: inconsistent shape: [2] is inferred from model",
    graph(step("three", "X=IN", "Y=OUT")),
  ),
  ensemble(
    "F6.rank",
    "ensemble tensor IN: inconsistent shape: [2] is inferred from model",
    graph(step("square", "X=IN", "Y=OUT")),
  ),
  ensemble(
    "F6.between",
    "ensemble tensor a: inconsistent shape: [2] is inferred from model plain while [3] is inferred from model three",
    graph(step("plain", "X=IN", "Y=a"), step("three", "X=a", "Y=b"), step("open", "X=b", "Y=OUT")),
  ),
  ensemble("F6.open", undefined, graph(step("open", "X=IN", "Y=OUT"))),
  ensemble("F6.open_outside", undefined, `${FRONT.replaceAll("[ 2 ]", "[ -1 ]")} ${steps(only)}`),
  ensemble(
    "F6.open_between",
    undefined,
    graph(step("plain", "X=IN", "Y=a"), step("open", "X=a", "Y=b"), step("plain", "X=b", "Y=OUT")),
  ),
  ensemble("F6.open_middle", undefined, graph(step("open", "X=IN", "Y=a"), step("open", "X=a", "Y=OUT"))),
  ensemble(
    "F6.reshape",
    undefined,
    `${FRONT.replaceAll("[ 2 ]", "[ 1, 2 ]")} ${steps(step("reshaped", "X=IN", "Y=OUT"))}`,
  ),
  ensemble(
    "F6.reshape_front",
    undefined,
    `${FRONT.replaceAll("dims: [ 2 ]", "dims: [ 2, 1 ] reshape { shape: [ 2 ] }")} ${steps(only)}`,
  ),
  ensemble(
    "F6.reshape_dims",
    "ensemble tensor IN: inconsistent shape: [2,1] is inferred from model",
    `${FRONT.replaceAll("dims: [ 2 ]", "dims: [ 2 ] reshape { shape: [ 2, 1 ] }")} ${steps(only)}`,
  ),
  ensemble(
    "F7",
    "receives inputs originated from different decoupled models",
    graph(step("stream", "X=IN", "Y=a"), step("both", "A=a B=IN", "Y=OUT")),
  ),
  ensemble("F7.alone", undefined, graph(step("stream", "X=IN", "Y=OUT"))),
  ensemble("F7.after", undefined, graph(step("stream", "X=IN", "Y=a"), step("plain", "X=a", "Y=OUT"))),
  ensemble("F7.before", undefined, graph(step("plain", "X=IN", "Y=a"), step("stream", "X=a", "Y=OUT"))),
  ensemble(
    "F7.two",
    "receives inputs originated from different decoupled models",
    graph(step("stream", "X=IN", "Y=a"), step("stream", "X=IN", "Y=b"), step("both", "A=a B=b", "Y=OUT")),
  ),
  ensemble("F7.chained", undefined, graph(step("stream", "X=IN", "Y=a"), step("stream", "X=a", "Y=OUT"))),
  ensemble(
    "F7.outputs",
    "receives inputs originated from different decoupled models",
    `${output("MORE")} ${graph(step("plain", "X=IN", "Y=MORE"), step("stream", "X=IN", "Y=OUT"))}`,
  ),
  ensemble(
    "F7.same",
    undefined,
    graph(step("stream", "X=IN", "Y=a"), step("plain", "X=a", "Y=b"), step("both", "A=a B=b", "Y=OUT")),
  ),
  ensemble("F8.unsaid", undefined, `${graph(only)} model_transaction_policy { decoupled: true }`),
  ensemble(
    "F8.cache",
    "with 'decoupled' transaction policy. Please disable the response cache",
    `${graph(step("stream", "X=IN", "Y=OUT"))} response_cache { enable: true }`,
  ),
];
