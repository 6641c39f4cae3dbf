/**
 * Triton's datatypes under their wire names, as used by the inference API.
 * Source: the KServe v2 protocol and Triton's model_config.proto.
 */
export const DATATYPES = [
  "BOOL",
  "UINT8",
  "UINT16",
  "UINT32",
  "UINT64",
  "INT8",
  "INT16",
  "INT32",
  "INT64",
  "FP16",
  "FP32",
  "FP64",
  "BYTES",
  "BF16",
] as const;

/** A datatype by its wire name; `config.pbtxt` writes it as `TYPE_…`, and `BYTES` as `TYPE_STRING`. */
export type Datatype = (typeof DATATYPES)[number];

/** Name, datatype and dims of one input or output. A dim of −1 is free. */
export interface TensorSpec {
  readonly name: string;
  readonly datatype: Datatype;
  readonly dims: readonly number[];
  /** True for an input that a request may leave out. */
  readonly optional?: boolean;
}
