import { TriptychError } from "../errors/index.ts";
import { DATATYPES, type Datatype } from "./datatype.ts";

/** What the other sides of a pipeline call a datatype, and how large an element is. */
export interface DatatypeFacts {
  /** Name in `config.pbtxt`. */
  readonly configType: `TYPE_${string}`;
  /** Bytes of one element; absent for `BYTES`, whose elements have a length each. */
  readonly byteSize?: 1 | 2 | 4 | 8;
  /** Element type as ONNX writes it, for instance inside `tensor(float16)`. */
  readonly onnx: string;
  /** True if Triton's TensorRT backend takes it for an input or output of an engine. */
  readonly tensorrt: boolean;
}

/** One row for each datatype of Triton. */
export const DATATYPE_FACTS: Readonly<Record<Datatype, DatatypeFacts>> = {
  BOOL: { configType: "TYPE_BOOL", byteSize: 1, onnx: "bool", tensorrt: true },
  UINT8: { configType: "TYPE_UINT8", byteSize: 1, onnx: "uint8", tensorrt: true },
  UINT16: { configType: "TYPE_UINT16", byteSize: 2, onnx: "uint16", tensorrt: false },
  UINT32: { configType: "TYPE_UINT32", byteSize: 4, onnx: "uint32", tensorrt: false },
  UINT64: { configType: "TYPE_UINT64", byteSize: 8, onnx: "uint64", tensorrt: false },
  INT8: { configType: "TYPE_INT8", byteSize: 1, onnx: "int8", tensorrt: true },
  INT16: { configType: "TYPE_INT16", byteSize: 2, onnx: "int16", tensorrt: false },
  INT32: { configType: "TYPE_INT32", byteSize: 4, onnx: "int32", tensorrt: true },
  INT64: { configType: "TYPE_INT64", byteSize: 8, onnx: "int64", tensorrt: true },
  FP16: { configType: "TYPE_FP16", byteSize: 2, onnx: "float16", tensorrt: true },
  FP32: { configType: "TYPE_FP32", byteSize: 4, onnx: "float", tensorrt: true },
  FP64: { configType: "TYPE_FP64", byteSize: 8, onnx: "double", tensorrt: false },
  BYTES: { configType: "TYPE_STRING", onnx: "string", tensorrt: false },
  BF16: { configType: "TYPE_BF16", byteSize: 2, onnx: "bfloat16", tensorrt: true },
};

/** The name of a datatype in `config.pbtxt`: `FP32` is `TYPE_FP32`, and `BYTES` is `TYPE_STRING`. */
export function toConfigType(datatype: Datatype): `TYPE_${string}` {
  return DATATYPE_FACTS[datatype].configType;
}

/**
 * The datatype behind a name of `config.pbtxt`.
 *
 * @throws TriptychError `model-config-syntax` for any name outside the 14, `TYPE_INVALID` and `TYPE_BYTES` among them.
 */
export function fromConfigType(text: string): Datatype {
  const found = DATATYPES.find((datatype) => toConfigType(datatype) === text);
  if (found !== undefined) return found;
  const known = DATATYPES.map(toConfigType).join(", ");
  throw new TriptychError("model-config-syntax", `Unknown data_type ${text}; expected one of ${known}.`, {
    hint: "Write the name of the binding's type in capitals; a string tensor is TYPE_STRING.",
  });
}

/** Bytes of one element, or undefined for `BYTES`, whose elements have a length each. */
export function byteSize(datatype: Datatype): 1 | 2 | 4 | 8 | undefined {
  return DATATYPE_FACTS[datatype].byteSize;
}
