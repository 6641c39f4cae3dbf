import { type LintCase, python } from "../case.ts";

const warm = (text: string): string => `model_warmup { name: "w" ${text} }`;
const zeros = 'inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } }';

/** Rules G (instance groups), L (rate limiter), W (warm-up) and C (cache). */
export const INSTANCE_CASES: readonly LintCase[] = [
  python("G0.cpu", undefined, "instance_group { kind: KIND_CPU count: 1 }"),
  python("G0.two", undefined, "instance_group { kind: KIND_CPU count: 1 } instance_group { kind: KIND_CPU }"),
  python(
    "G1",
    "has kind KIND_CPU but specifies one or more GPUs",
    "instance_group { kind: KIND_CPU gpus: [ 0 ] }",
  ),
  python(
    "G1.model",
    "has kind KIND_MODEL but specifies one or more GPUs",
    "instance_group { kind: KIND_MODEL gpus: [ 0 ] }",
  ),
  python("G2", "has kind KIND_GPU but no GPUs are available", "instance_group { kind: KIND_GPU }"),
  python(
    "G2.id",
    "specifies invalid or unsupported gpu id 0. GPUs with at least the minimum required CUDA compute compatibility of 6.000000 are",
    "instance_group { kind: KIND_GPU gpus: [ 0 ] }",
  ),
  python("G3.auto", undefined, "instance_group { kind: KIND_AUTO }"),
  python(
    "G3.auto_gpus",
    "has kind KIND_CPU but specifies one or more GPUs",
    "instance_group { kind: KIND_AUTO gpus: [ 3 ] }",
  ),
  python("G3.model", undefined, "instance_group { kind: KIND_MODEL }"),
  python(
    "G4",
    "and platform specifies profile field which is only supported for TensorRT models",
    'instance_group { kind: KIND_CPU profile: [ "0" ] }',
  ),
  python(
    "G4.word",
    "and platform specifies profile field which is only supported for TensorRT models",
    'instance_group { kind: KIND_CPU profile: [ "first" ] }',
  ),
  python("G3.number", undefined, "instance_group { kind: 2 }"),
  python("G3.unknown", "has unexpected kind KIND_AUTO", "instance_group { kind: 99 }"),
  python("G3.negative", "has unexpected kind KIND_AUTO", "instance_group { kind: -1 }"),
  python("G3.unknown_gpus", "has unexpected kind KIND_AUTO", "instance_group { kind: 99 gpus: [ 0 ] }"),
  python("G5.zero", undefined, "instance_group { kind: KIND_CPU count: 0 }"),
  python("G5.negative", undefined, "instance_group { kind: KIND_CPU count: -2 }"),
  python(
    "G6.passive",
    undefined,
    "instance_group { kind: KIND_CPU } instance_group { kind: KIND_CPU passive: true }",
  ),
  python("G6.all_passive", undefined, "instance_group { kind: KIND_CPU passive: true }"),
  python(
    "G6.secondary",
    undefined,
    "instance_group { kind: KIND_CPU secondary_devices { kind: KIND_NVDLA device_id: 0 } }",
  ),
  python("G6.host_policy", undefined, 'instance_group { kind: KIND_CPU host_policy: "nosuch" }'),
  python(
    "G6.same_name",
    undefined,
    'instance_group { name: "g" kind: KIND_CPU } instance_group { name: "g" kind: KIND_CPU }',
  ),
  python(
    "L0.resource",
    undefined,
    'instance_group { kind: KIND_CPU rate_limiter { resources { name: "r" count: 1 } priority: 2 } }',
  ),
  python(
    "L1",
    undefined,
    'instance_group { kind: KIND_CPU rate_limiter { resources { name: "r" count: 1 } } } instance_group { kind: KIND_CPU rate_limiter { resources { name: "r" global: true count: 1 } } }',
  ),
  python(
    "L3.nameless",
    undefined,
    "instance_group { kind: KIND_CPU rate_limiter { resources { count: 1 } } }",
  ),
  python("W0.good", undefined, warm(`batch_size: 0 ${zeros}`)),
  python("W0.batched", undefined, `max_batch_size: 2 ${warm(`batch_size: 1 ${zeros}`)}`),
  python("W0.count", undefined, `max_batch_size: 2 ${warm(`batch_size: 1 count: 2 ${zeros}`)}`),
  python("W1", undefined, `max_batch_size: 2 ${warm(`batch_size: 0 ${zeros}`)}`),
  python("W1.one", undefined, warm(`batch_size: 1 ${zeros}`)),
  python(
    "W1.beyond",
    "failed to run warmup sample 'w': batch size 3",
    `max_batch_size: 2 ${warm(`batch_size: 3 ${zeros}`)}`,
  ),
  python("W1.nameless", undefined, `max_batch_size: 2 model_warmup { batch_size: 1 ${zeros} }`),
  python(
    "W1.empty",
    "Got input(s) [], but missing required input(s) ['X']. Please provide all required input(s)",
    warm("batch_size: 1"),
  ),
  python(
    "W2",
    "warmup setting expects all variable-size dimensions are specified for input 'X",
    warm('batch_size: 1 inputs { key: "X" value { data_type: TYPE_FP32 dims: [ -1 ] zero_data: true } }'),
  ),
  python(
    "W2.zero",
    "unexpected shape for input 'X' for model",
    warm('batch_size: 1 inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 0 ] zero_data: true } }'),
  ),
  python(
    "W3.no_data",
    "warmup setting expects input 'X' to have input_data_type set",
    warm('batch_size: 1 inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] } }'),
  ),
  python(
    "W3.no_file",
    "failed to open text file for read",
    warm('batch_size: 1 inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] input_data_file: "d" } }'),
  ),
  python(
    "W3.short_file",
    "warmup setting expects 8 bytes, but the data provided from donly has 7 bytes",
    warm('batch_size: 1 inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] input_data_file: "d" } }'),
    { "@/warmup/d": "1234567" },
  ),
  python(
    "W3.file",
    undefined,
    warm('batch_size: 1 inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] input_data_file: "d" } }'),
    { "@/warmup/d": "12345678" },
  ),
  python(
    "W3.long_file",
    undefined,
    warm('batch_size: 1 inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] input_data_file: "d" } }'),
    { "@/warmup/d": "123456789" },
  ),
  python(
    "W3.random",
    undefined,
    warm('batch_size: 1 inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] random_data: true } }'),
  ),
  python(
    "W3.zero_false",
    undefined,
    warm('batch_size: 1 inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] zero_data: false } }'),
  ),
  python(
    "W3.string_random",
    "inference input 'X' data-type is 'BYTES', but model",
    warm('batch_size: 1 inputs { key: "X" value { data_type: TYPE_STRING dims: [ 2 ] random_data: true } }'),
  ),
  python(
    "W4.missing",
    "Got input(s) [], but missing required input(s) ['X']. Please provide all required input(s)",
    warm('batch_size: 1 inputs { key: "Q" value { data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } }'),
  ),
  python(
    "W4.unknown",
    undefined,
    warm(
      `batch_size: 1 ${zeros} inputs { key: "Q" value { data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } }`,
    ),
  ),
  python(
    "W4.type",
    "inference input 'X' data-type is 'INT32', but model",
    warm('batch_size: 1 inputs { key: "X" value { data_type: TYPE_INT32 dims: [ 2 ] zero_data: true } }'),
  ),
  python(
    "W4.dims",
    "unexpected shape for input 'X' for model",
    warm('batch_size: 1 inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 3 ] zero_data: true } }'),
  ),
  python(
    "W4.typeless",
    "inference input 'X' data-type is '<invalid>', but model",
    warm('batch_size: 1 inputs { key: "X" value { dims: [ 2 ] zero_data: true } }'),
  ),
  python("W1.unbatched_three", "failed to run warmup sample", warm(`batch_size: 3 ${zeros}`)),
  python(
    "W4.reshaped",
    undefined,
    `max_batch_size: 2 input { name: "R" data_type: TYPE_FP32 dims: [ 1, 2 ] reshape { shape: [ 2 ] } } ${warm('batch_size: 1 inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } } inputs { key: "R" value { data_type: TYPE_FP32 dims: [ 1, 2 ] zero_data: true } }')}`,
  ),
  python(
    "W4.reshaped_wrong",
    "unexpected shape for input",
    `input { name: "R" data_type: TYPE_FP32 dims: [ 1, 2 ] reshape { shape: [ 2 ] } } ${warm('batch_size: 1 inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } } inputs { key: "R" value { data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } }')}`,
  ),
  python(
    "W4.ragged",
    undefined,
    `max_batch_size: 2 input { name: "R" data_type: TYPE_FP32 dims: [ -1 ] allow_ragged_batch: true } ${warm('batch_size: 1 inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } } inputs { key: "R" value { data_type: TYPE_FP32 dims: [ 3 ] zero_data: true } }')}`,
  ),
  python(
    "W4.ragged_rank",
    "unexpected shape for input",
    `max_batch_size: 2 input { name: "R" data_type: TYPE_FP32 dims: [ 3 ] allow_ragged_batch: true } ${warm('batch_size: 1 inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } } inputs { key: "R" value { data_type: TYPE_FP32 dims: [ 3, 1 ] zero_data: true } }')}`,
  ),
  python(
    "W4.optional_left",
    undefined,
    `input { name: "R" data_type: TYPE_FP32 dims: [ 3 ] optional: true } ${warm(`batch_size: 1 ${zeros}`)}`,
  ),
  python(
    "W4.optional_only",
    undefined,
    `input { name: "R" data_type: TYPE_FP32 dims: [ 3 ] optional: true } ${warm('batch_size: 1 inputs { key: "R" value { data_type: TYPE_FP32 dims: [ 3 ] zero_data: true } }')}`,
  ),
  python("W4.sequence", undefined, `sequence_batching { } ${warm(`batch_size: 1 ${zeros}`)}`),
  python(
    "W4.second",
    "unexpected shape for input",
    `${warm(`batch_size: 1 ${zeros}`)} ${warm('batch_size: 1 inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 3 ] zero_data: true } }')}`,
  ),
];
