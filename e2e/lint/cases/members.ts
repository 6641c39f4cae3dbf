import { MODEL_PY } from "../case.ts";

const IO =
  'input { name: "X" data_type: TYPE_FP32 dims: [ 2 ] } output { name: "Y" data_type: TYPE_FP32 dims: [ 2 ] }';

/** Models that ensembles of the cases are made of; all but `broken` load. */
const MEMBERS: Readonly<Record<string, string>> = {
  plain: IO,
  batch4: `max_batch_size: 4 ${IO}`,
  ints: IO.replaceAll("FP32", "INT32"),
  three: IO.replaceAll("2 ]", "3 ]"),
  open: IO.replaceAll("2 ]", "-1 ]"),
  square: IO.replaceAll("2 ]", "2, 2 ]"),
  reshaped: IO.replaceAll("dims: [ 2 ]", "dims: [ 1, 2 ] reshape { shape: [ 2 ] }"),
  two:
    'input [ { name: "A" data_type: TYPE_FP32 dims: [ 2 ] }, { name: "B" data_type: TYPE_FP32 dims: [ 2 ] optional: true } ]' +
    'output [ { name: "Y" data_type: TYPE_FP32 dims: [ 2 ] }, { name: "Z" data_type: TYPE_FP32 dims: [ 2 ] } ]',
  both:
    'input [ { name: "A" data_type: TYPE_FP32 dims: [ 2 ] }, { name: "B" data_type: TYPE_FP32 dims: [ 2 ] } ]' +
    'output { name: "Y" data_type: TYPE_FP32 dims: [ 2 ] }',
  doubled: `${IO} output { name: "Y" data_type: TYPE_FP32 dims: [ 2 ] }`,
  stream: `${IO} model_transaction_policy { decoupled: true }`,
  source: 'output { name: "Y" data_type: TYPE_FP32 dims: [ 2 ] }',
  sink: 'input { name: "X" data_type: TYPE_FP32 dims: [ 2 ] }',
  broken: `${IO} instance_group { kind: KIND_GPU }`,
};

/** Their files, by path in the repository. */
export const MEMBER_FILES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(MEMBERS).flatMap(([name, text]) => [
    [`${name}/config.pbtxt`, `name: "${name}"\nbackend: "python"\n${text}\n`],
    [`${name}/1/model.py`, MODEL_PY],
  ]),
);
