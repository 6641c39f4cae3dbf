import { type LintCase, python } from "../case.ts";

/** Rules S7 and S9: the states of a sequence, and what they begin with. */
export const STATE_CASES: readonly LintCase[] = [
  python(
    "S7.good",
    undefined,
    'sequence_batching { state { input_name: "I" output_name: "O" data_type: TYPE_FP32 dims: [ 2 ] initial_state { name: "i" data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } } }',
  ),
  python(
    "S7.two",
    "initial_state field for state input 'I' must contain exactly one or zero element. Found '2' elements",
    'sequence_batching { state { input_name: "I" output_name: "O" data_type: TYPE_FP32 dims: [ 2 ] initial_state { name: "i" data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } initial_state { name: "j" data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } } }',
  ),
  python(
    "S7.type",
    "The data type used for 'initial_state' field of state 'I' does not match the state data type",
    'sequence_batching { state { input_name: "I" output_name: "O" data_type: TYPE_FP32 dims: [ 2 ] initial_state { name: "i" data_type: TYPE_INT32 dims: [ 2 ] zero_data: true } } }',
  ),
  python(
    "S7.rank",
    "Number of dimensions in 'initial_state' doesn't match the size of 'state' dimensions for state input 'I'. 2 != 1",
    'sequence_batching { state { input_name: "I" output_name: "O" data_type: TYPE_FP32 dims: [ 2 ] initial_state { name: "i" data_type: TYPE_FP32 dims: [ 2, 1 ] zero_data: true } } }',
  ),
  python(
    "S7.dims",
    "initial_state' dim for input name 'I' doesn't match 'state' dim description. 3 != 2",
    'sequence_batching { state { input_name: "I" output_name: "O" data_type: TYPE_FP32 dims: [ 2 ] initial_state { name: "i" data_type: TYPE_FP32 dims: [ 3 ] zero_data: true } } }',
  ),
  python(
    "S7.open",
    "initial_state' field for state input name 'I' contains variable dimensions",
    'sequence_batching { state { input_name: "I" output_name: "O" data_type: TYPE_FP32 dims: [ -1 ] initial_state { name: "i" data_type: TYPE_FP32 dims: [ -1 ] zero_data: true } } }',
  ),
  python(
    "S7.nameless",
    "Field 'name' must be set when using initial_state for state input 'I",
    'sequence_batching { state { input_name: "I" output_name: "O" data_type: TYPE_FP32 dims: [ 2 ] initial_state { data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } } }',
  ),
  python(
    "S7.no_data",
    "initial_state setting expects state'I' to have state_data set",
    'sequence_batching { state { input_name: "I" output_name: "O" data_type: TYPE_FP32 dims: [ 2 ] initial_state { name: "i" data_type: TYPE_FP32 dims: [ 2 ] } } }',
  ),
  python(
    "S7.no_file",
    "failed to open text file for read",
    'sequence_batching { state { input_name: "I" output_name: "O" data_type: TYPE_FP32 dims: [ 2 ] initial_state { name: "i" data_type: TYPE_FP32 dims: [ 2 ] data_file: "s" } } }',
  ),
  python(
    "S7.short_file",
    "initial_state setting expects 8 bytes, but the data provided from sonly has 7 bytes",
    'sequence_batching { state { input_name: "I" output_name: "O" data_type: TYPE_FP32 dims: [ 2 ] initial_state { name: "i" data_type: TYPE_FP32 dims: [ 2 ] data_file: "s" } } }',
    { "@/initial_state/s": "1234567" },
  ),
  python(
    "S7.long_file",
    undefined,
    'sequence_batching { state { input_name: "I" output_name: "O" data_type: TYPE_FP32 dims: [ 2 ] initial_state { name: "i" data_type: TYPE_FP32 dims: [ 2 ] data_file: "s" } } }',
    { "@/initial_state/s": "123456789" },
  ),
  python(
    "S7.file",
    undefined,
    'sequence_batching { state { input_name: "I" output_name: "O" data_type: TYPE_FP32 dims: [ 2 ] initial_state { name: "i" data_type: TYPE_FP32 dims: [ 2 ] data_file: "s" } } }',
    { "@/initial_state/s": "12345678" },
  ),
  python("S9.nameless_state", undefined, "sequence_batching { state { data_type: TYPE_FP32 dims: [ 2 ] } }"),
  python(
    "S9.typeless_state",
    undefined,
    'sequence_batching { state { input_name: "I" output_name: "O" dims: [ 2 ] } }',
  ),
  python(
    "S9.dimless_state",
    undefined,
    'sequence_batching { state { input_name: "I" output_name: "O" data_type: TYPE_FP32 } }',
  ),
  python(
    "S9.zero_dim",
    undefined,
    'sequence_batching { state { input_name: "I" output_name: "O" data_type: TYPE_FP32 dims: [ 0 ] } }',
  ),
  python(
    "S9.same_buffer",
    undefined,
    'sequence_batching { state { input_name: "I" output_name: "O" data_type: TYPE_FP32 dims: [ 2 ] use_same_buffer_for_input_output: true } }',
  ),
  python(
    "S9.growable",
    undefined,
    'sequence_batching { state { input_name: "I" output_name: "O" data_type: TYPE_FP32 dims: [ 2 ] use_growable_memory: true } }',
  ),
  python(
    "S7.open_state",
    undefined,
    'sequence_batching { state { input_name: "I" output_name: "O" data_type: TYPE_FP32 dims: [ -1 ] initial_state { name: "i" data_type: TYPE_FP32 dims: [ 3 ] zero_data: true } } }',
  ),
  python(
    "S7.open_initial",
    "contains variable dimensions",
    'sequence_batching { state { input_name: "I" output_name: "O" data_type: TYPE_FP32 dims: [ 3 ] initial_state { name: "i" data_type: TYPE_FP32 dims: [ -1 ] zero_data: true } } }',
  ),
  python(
    "S7.string",
    undefined,
    'sequence_batching { state { input_name: "I" output_name: "O" data_type: TYPE_STRING dims: [ 2 ] initial_state { name: "i" data_type: TYPE_STRING dims: [ 2 ] zero_data: true } } }',
  ),
  python(
    "S7.string_file",
    undefined,
    'sequence_batching { state { input_name: "I" output_name: "O" data_type: TYPE_STRING dims: [ 1 ] initial_state { name: "i" data_type: TYPE_STRING dims: [ 1 ] data_file: "s" } } }',
    { "@/initial_state/s": "\u0001\0\0\0a" },
  ),
  python(
    "S7.zero_false",
    undefined,
    'sequence_batching { state { input_name: "I" output_name: "O" data_type: TYPE_FP32 dims: [ 2 ] initial_state { name: "i" data_type: TYPE_FP32 dims: [ 2 ] zero_data: false } } }',
  ),
  python(
    "S7.typeless",
    "does not match the state data type",
    'sequence_batching { state { input_name: "I" output_name: "O" data_type: TYPE_FP32 dims: [ 2 ] initial_state { name: "i" data_type: TYPE_INVALID dims: [ 2 ] zero_data: true } } }',
  ),
  python(
    "S7.same_input",
    "specified more than once",
    'sequence_batching { state { input_name: "I" output_name: "O" data_type: TYPE_FP32 dims: [ 2 ] initial_state { name: "i" data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } } state { input_name: "I" output_name: "P" data_type: TYPE_FP32 dims: [ 2 ] initial_state { name: "i" data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } } }',
  ),
  python(
    "S7.same_input_one",
    undefined,
    'sequence_batching { state { input_name: "I" output_name: "O" data_type: TYPE_FP32 dims: [ 2 ] initial_state { name: "i" data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } } state { input_name: "I" output_name: "P" data_type: TYPE_FP32 dims: [ 2 ] } }',
  ),
  python(
    "S7.same_input_none",
    undefined,
    'sequence_batching { state { input_name: "I" output_name: "O" data_type: TYPE_FP32 dims: [ 2 ] } state { input_name: "I" output_name: "P" data_type: TYPE_FP32 dims: [ 2 ] } }',
  ),
  python(
    "S7.same_output",
    undefined,
    'sequence_batching { state { input_name: "I" output_name: "O" data_type: TYPE_FP32 dims: [ 2 ] initial_state { name: "i" data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } } state { input_name: "J" output_name: "O" data_type: TYPE_FP32 dims: [ 2 ] initial_state { name: "i" data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } } }',
  ),
];
