import { type LintCase, python, tensors } from "../case.ts";

const input = (text: string): string => `input { name: "X" data_type: TYPE_FP32 ${text} }`;
const output = (text: string): string => `output { name: "Y" data_type: TYPE_FP32 ${text} }`;
const batched = (text: string): string => `max_batch_size: 4\n${text}`;

/** Rules I: inputs and outputs. */
export const TENSOR_CASES: readonly LintCase[] = [
  tensors("I1.nameless", "model input must specify 'name'", "input { data_type: TYPE_FP32 dims: [ 2 ] }"),
  tensors("I1.typeless", "model input 'X' must specify 'data_type'", 'input { name: "X" dims: [ 2 ] }'),
  tensors("I1.dimless", "model input 'X' must specify 'dims'", 'input { name: "X" data_type: TYPE_FP32 }'),
  tensors(
    "I1.dimless_batched",
    "model input 'X' must specify 'dims'",
    batched('input { name: "X" data_type: TYPE_FP32 }'),
  ),
  tensors(
    "I1.out_nameless",
    "model output must specify 'name'",
    "output { data_type: TYPE_FP32 dims: [ 2 ] }",
  ),
  tensors("I1.out_typeless", "model output 'Y' must specify 'data_type'", 'output { name: "Y" dims: [ 2 ] }'),
  tensors(
    "I1.out_dimless",
    "model output 'Y' must specify 'dims'",
    'output { name: "Y" data_type: TYPE_FP32 }',
  ),
  tensors("I1.number", undefined, 'input { name: "X" data_type: 11 dims: [ 2 ] }'),
  tensors("I1.unknown_number", undefined, 'input { name: "X" data_type: 77 dims: [ 2 ] }'),
  tensors(
    "I2",
    "model input 'X' dimension must be integer >= 1, or -1 to indicate a variable-size dimension",
    input("dims: [ 2, 0 ]"),
  ),
  tensors(
    "I2.negative",
    "model input 'X' dimension must be integer >= 1, or -1 to indicate a variable-size dimension",
    input("dims: [ -2 ]"),
  ),
  tensors(
    "I2.out",
    "model output 'Y' dimension must be integer >= 1, or -1 to indicate a variable-size dimension",
    output("dims: [ 0 ]"),
  ),
  tensors("I2.open", undefined, input("dims: [ -1, -1 ]") + output("dims: [ -1 ]")),
  tensors(
    "I3",
    "model input 'X' reshape dimensions must be integer >= 1, or -1 to indicate a variable-size dimension",
    input("dims: [ 2, 2 ] reshape { shape: [ 4, 0 ] }"),
  ),
  tensors(
    "I3.negative",
    "model input 'X' reshape dimensions must be integer >= 1, or -1 to indicate a variable-size dimension",
    input("dims: [ 2, 2 ] reshape { shape: [ -4 ] }"),
  ),
  tensors(
    "I4",
    "model input 'X' cannot have empty reshape for non-batching model as scalar tensors are not supported",
    input("dims: [ 1 ] reshape { }"),
  ),
  tensors("I4.batched", undefined, batched(input("dims: [ 1 ] reshape { }"))),
  tensors(
    "I4.not_one",
    "model input 'X' has different size for dims and reshape",
    batched(input("dims: [ 2 ] reshape { }")),
  ),
  tensors(
    "I4.open",
    "model input 'X' has different size for dims and reshape",
    batched(input("dims: [ -1 ] reshape { }")),
  ),
  tensors("I4.ones", undefined, batched(input("dims: [ 1, 1 ] reshape { }"))),
  tensors(
    "I5",
    "model input 'X' has different size for dims and reshape",
    input("dims: [ 2, 3 ] reshape { shape: [ 5 ] }"),
  ),
  tensors("I5.good", undefined, input("dims: [ 2, 3 ] reshape { shape: [ 6 ] }")),
  tensors("I5.segments", undefined, input("dims: [ 2, 4, -1, 6 ] reshape { shape: [ 8, -1, 1, 6 ] }")),
  tensors(
    "I5.segments_bad",
    "model input 'X' has different size for dims and reshape",
    input("dims: [ 2, 4, -1, 6 ] reshape { shape: [ 4, -1, 12 ] }"),
  ),
  tensors(
    "I5.open_count",
    "model input 'X' has different number of variable-size dimensions for dims and reshape",
    input("dims: [ -1, 4 ] reshape { shape: [ -1, -1, 4 ] }"),
  ),
  tensors(
    "I5.open_fixed",
    "model input 'X' has different size for dims and reshape",
    input("dims: [ -1, 4 ] reshape { shape: [ 4 ] }"),
  ),
  tensors(
    "I5.out",
    "model output 'Y' has different size for dims and reshape",
    output("dims: [ 2, 3 ] reshape { shape: [ 5 ] }"),
  ),
  tensors("I6", "model input NHWC/NCHW require 3 dims", input("format: FORMAT_NCHW dims: [ 2, 3 ]")),
  tensors(
    "I6.nhwc",
    "model input NHWC/NCHW require 3 dims",
    input("format: FORMAT_NHWC dims: [ 1, 2, 3, 4 ]"),
  ),
  tensors("I6.good", undefined, input("format: FORMAT_NHWC dims: [ 2, 3, 4 ]")),
  tensors("I6.batched", undefined, batched(input("format: FORMAT_NCHW dims: [ 2, 3, 4 ]"))),
  tensors(
    "I7",
    "shape tensors are only supported for TensorRT platform",
    input("dims: [ 2 ] is_shape_tensor: true"),
  ),
  tensors(
    "I7.out",
    "shape tensors are only supported for TensorRT platform",
    output("dims: [ 2 ] is_shape_tensor: true"),
  ),
  tensors(
    "I8",
    "Non-linear IO format is only supported for the TensorRT platform",
    input("dims: [ 2, 2, 2 ] is_non_linear_format_io: true"),
  ),
  tensors(
    "I8.out",
    "Non-linear IO format is only supported for the TensorRT platform",
    output("dims: [ 2, 2, 2 ] is_non_linear_format_io: true"),
  ),
  python(
    "I9.good",
    undefined,
    'max_batch_size: 4 batch_input { kind: BATCH_ELEMENT_COUNT target_name: "N" data_type: TYPE_FP32 source_input: "X" }',
  ),
  python(
    "I9.no_source",
    "batch input kind 'BATCH_ELEMENT_COUNT' expects 1 source input, got 0",
    'max_batch_size: 4 batch_input { kind: BATCH_ELEMENT_COUNT target_name: "N" data_type: TYPE_FP32 }',
  ),
  python(
    "I9.two_sources",
    "batch input kind 'BATCH_ELEMENT_COUNT' expects 1 source input, got 2",
    'max_batch_size: 4 batch_input { kind: BATCH_ELEMENT_COUNT target_name: "N" data_type: TYPE_FP32 source_input: [ "X", "X" ] }',
  ),
  python(
    "I9.unknown_source",
    "unknown source input name 'Q'",
    'max_batch_size: 4 batch_input { kind: BATCH_ELEMENT_COUNT target_name: "N" data_type: TYPE_FP32 source_input: "Q" }',
  ),
  python(
    "I9.kind",
    "unknown batch input kind ''",
    'max_batch_size: 4 batch_input { kind: 77 target_name: "N" data_type: TYPE_FP32 source_input: "X" }',
  ),
  python(
    "I9.kind_out",
    "unknown batch output kind ''",
    'max_batch_size: 4 batch_output { kind: 9 target_name: "Y" source_input: "X" }',
  ),
  python(
    "I9.type",
    "batch input data type must be TYPE_INT32 or TYPE_FP32",
    'max_batch_size: 4 batch_input { kind: BATCH_ELEMENT_COUNT target_name: "N" data_type: TYPE_INT64 source_input: "X" }',
  ),
  python(
    "I9.no_target",
    undefined,
    'max_batch_size: 4 batch_input { kind: BATCH_ELEMENT_COUNT data_type: TYPE_FP32 source_input: "X" }',
  ),
  python(
    "I9.same_target",
    undefined,
    'max_batch_size: 4 batch_input { target_name: "N" data_type: TYPE_FP32 source_input: "X" } batch_input { target_name: "N" data_type: TYPE_FP32 source_input: "X" }',
  ),
  python(
    "I9.as_input",
    undefined,
    'max_batch_size: 4 batch_input { target_name: "X" data_type: TYPE_FP32 source_input: "X" }',
  ),
  python(
    "I9.zero_batch",
    undefined,
    'batch_input { target_name: "N" data_type: TYPE_FP32 source_input: "X" }',
  ),
  python(
    "I9.out",
    undefined,
    'max_batch_size: 4 batch_output { target_name: "Y" kind: BATCH_SCATTER_WITH_INPUT_SHAPE source_input: "X" }',
  ),
  python(
    "I9.out_target",
    "unknown target output name 'Q'",
    'max_batch_size: 4 batch_output { target_name: "Q" kind: BATCH_SCATTER_WITH_INPUT_SHAPE source_input: "X" }',
  ),
  python(
    "I9.out_twice",
    "target output name 'Y' can only be specified once",
    'max_batch_size: 4 batch_output { target_name: [ "Y", "Y" ] source_input: "X" }',
  ),
  python(
    "I9.out_source",
    "unknown source input name 'Q'",
    'max_batch_size: 4 batch_output { target_name: "Y" source_input: "Q" }',
  ),
  python(
    "I9.out_no_source",
    "batch output kind 'BATCH_SCATTER_WITH_INPUT_SHAPE' expects 1 source input, got 0",
    'max_batch_size: 4 batch_output { target_name: "Y" }',
  ),
  tensors("I10", undefined, input("dims: [ 9223372036854775807, 2 ]")),
  tensors("I10.bytes", undefined, input("dims: [ 4611686018427387904 ]")),
  tensors("I10.batch", undefined, batched(input("dims: [ 2305843009213693952 ]"))),
  tensors("I10.open", undefined, input("dims: [ -1, 9223372036854775807, 2 ]")),
  tensors("I10.out", undefined, output("dims: [ 9223372036854775807, 2 ]")),
  tensors("I11", undefined, input("dims: [ 2 ]") + input("dims: [ 3 ]")),
  tensors("I11.out", undefined, output("dims: [ 2 ]") + output("dims: [ 3 ]")),
  tensors(
    "I11.both",
    undefined,
    `${input("dims: [ 2 ]")} output { name: "X" data_type: TYPE_FP32 dims: [ 2 ] }`,
  ),
  tensors("I12.optional", undefined, input("dims: [ 2 ] optional: true")),
  tensors("I12.ragged", undefined, batched(input("dims: [ -1 ] allow_ragged_batch: true"))),
  tensors("I12.ragged_unbatched", undefined, input("dims: [ -1 ] allow_ragged_batch: true")),
  tensors(
    "I12.ragged_string",
    undefined,
    batched('input { name: "X" data_type: TYPE_STRING dims: [ 1 ] allow_ragged_batch: true }'),
  ),
];
