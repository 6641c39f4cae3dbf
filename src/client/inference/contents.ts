import type { Datatype, Tensor } from "../../tensor/index.ts";
import { tensor } from "../../tensor/index.ts";
import type { TensorContents } from "../protocol/messages.ts";

type Numbers = Uint8Array | Uint16Array | Uint32Array | Int8Array | Int16Array | Int32Array;

/**
 * A tensor of elements that are spelt out by type, as servers other than Triton may answer; undefined where they are
 * none of the datatype. FP16 and BF16 have no such form.
 *
 * @throws TriptychError `tensor-invalid` if their number is not the shape's.
 */
export function fromContents(
  datatype: Datatype,
  shape: readonly number[],
  contents: TensorContents,
): Tensor | undefined {
  const { bool_contents: flags = [], int_contents: ints = [], uint_contents: uints = [] } = contents;
  switch (datatype) {
    case "BOOL":
      return tensor("BOOL", shape, flags);
    case "INT8":
      return narrow(ints, Int8Array, (data) => tensor("INT8", shape, data));
    case "INT16":
      return narrow(ints, Int16Array, (data) => tensor("INT16", shape, data));
    case "INT32":
      return narrow(ints, Int32Array, (data) => tensor("INT32", shape, data));
    case "UINT8":
      return narrow(uints, Uint8Array, (data) => tensor("UINT8", shape, data));
    case "UINT16":
      return narrow(uints, Uint16Array, (data) => tensor("UINT16", shape, data));
    case "UINT32":
      return narrow(uints, Uint32Array, (data) => tensor("UINT32", shape, data));
    default:
      return fromWide(datatype, shape, contents);
  }
}

function fromWide(
  datatype: Datatype,
  shape: readonly number[],
  contents: TensorContents,
): Tensor | undefined {
  switch (datatype) {
    case "INT64":
      return tensor("INT64", shape, BigInt64Array.from((contents.int64_contents ?? []).map(BigInt)));
    case "UINT64":
      return tensor("UINT64", shape, BigUint64Array.from((contents.uint64_contents ?? []).map(BigInt)));
    case "FP32":
      return tensor("FP32", shape, Float32Array.from(contents.fp32_contents ?? []));
    case "FP64":
      return tensor("FP64", shape, Float64Array.from(contents.fp64_contents ?? []));
    case "BYTES":
      return tensor("BYTES", shape, contents.bytes_contents ?? []);
    default:
      return undefined;
  }
}

/** Undefined where an element does not fit: a typed array would cut it without a word. */
function narrow<A extends Numbers>(
  values: readonly number[],
  carrier: { from(values: readonly number[]): A },
  make: (data: A) => Tensor,
): Tensor | undefined {
  const data = carrier.from(values);
  return values.every((value, at) => data[at] === value) ? make(data) : undefined;
}
