import { TriptychError } from "../errors/index.ts";
import { CODECS } from "./codec.ts";
import { DATATYPES, type Datatype } from "./datatype.ts";
import { byteSize } from "./datatype-facts.ts";
import { refuse } from "./refuse.ts";
import { elementCount, formatShape, shapeFits } from "./shape.ts";
import type { ShapeOf, Tensor, TensorInput } from "./types.ts";

/**
 * A tensor of what is given. The data is not copied, except booleans and strings, which become bytes.
 *
 * @param shape - Actual sizes, from the outermost to the innermost; their product is the number of elements.
 * @param data - The datatype's carrier; for BOOL also booleans, for BYTES strings or Uint8Arrays.
 * @throws TriptychError `tensor-invalid` if the carrier is not the datatype's, if its length is not the shape's,
 * or if an element cannot be sent (a BOOL byte other than 0 and 1, half of a surrogate pair).
 *
 * @example
 * ```ts
 * import { stringsOf, tensor } from "triptych-sdk";
 *
 * const image = tensor("UINT8", [1, 2, 3], new Uint8Array(6));
 * const prompts = tensor("BYTES", [2], ["a red circle", "红色圆形"]);
 * console.log(image.shape, stringsOf(prompts));
 * ```
 */
export function tensor<D extends Datatype, const S extends readonly number[] = readonly number[]>(
  datatype: D,
  shape: S,
  data: TensorInput<D>,
): Tensor<D, S> {
  checkDatatype(datatype);
  const count = elementCount(shape);
  const carrier = within(datatype, shape, () => CODECS[datatype].accept(data));
  if (carrier.length !== count) throw wrongCount(datatype, shape, carrier.length);
  return { datatype, shape: copyOf(shape), data: carrier };
}

/**
 * The raw bytes of a tensor: little-endian, row-major, BYTES with a 4-byte length before each element.
 *
 * A view of the tensor's own memory but for FP16, BF16 and BYTES, so do not change the data while the bytes
 * are on their way.
 *
 * @throws TriptychError `tensor-invalid` as {@link tensor} does, for a tensor made by hand.
 */
export function encodeTensor<D extends Datatype>(source: Tensor<D>): Uint8Array {
  const checked = tensor<D>(source.datatype, source.shape, source.data);
  return CODECS[checked.datatype].encode(checked.data);
}

/**
 * The tensor that raw bytes hold, the reverse of {@link encodeTensor}.
 *
 * A view of `bytes` where they are aligned for the element, over one copy where not; FP16 and BF16 become numbers.
 *
 * @param shape - Actual sizes; the length of `bytes` must be theirs.
 * @param bytes - Any view, at any offset.
 * @throws TriptychError `tensor-invalid` if the length is not the shape's, a BOOL byte is neither 0 nor 1, or the
 * elements of BYTES do not add up.
 */
export function decodeTensor<D extends Datatype>(
  datatype: D,
  shape: readonly number[],
  bytes: Uint8Array,
): Tensor<D> {
  checkDatatype(datatype);
  const count = elementCount(shape);
  const size = byteSize(datatype);
  // No overflow to fear: a product past 2^53 equals the length of no array.
  if (size !== undefined && bytes.length !== count * size) {
    throw wrongLength(datatype, shape, count * size, bytes.length);
  }
  const data = within(datatype, shape, () => CODECS[datatype].decode(bytes, count));
  return { datatype, shape: [...shape], data };
}

/** True if the tensor has this datatype; narrows its data to the carrier. */
export function hasDatatype<D extends Datatype>(source: Tensor, datatype: D): source is Tensor<D> {
  return source.datatype === datatype;
}

/**
 * The same tensor, with its shape known to the compiler: for sizes that only run time knows.
 *
 * @param dims - As a contract declares them; −1 is free.
 * @throws TriptychError `tensor-invalid` if the shape is another.
 */
export function shaped<D extends Datatype, const Dims extends readonly number[]>(
  source: Tensor<D>,
  dims: Dims,
): Tensor<D, ShapeOf<Dims>> {
  // What the dims allow was looked at just now.
  if (shapeFits(dims, source.shape)) return source as unknown as Tensor<D, ShapeOf<Dims>>;
  throw refuse(
    `${source.datatype}: expected shape ${formatShape(dims)}, got ${formatShape(source.shape)}.`,
    "Give the tensor the rank and the sizes of the model's dims; -1 takes any size.",
  );
}

/** A caller's list may change later; a tensor's shape does not. */
function copyOf<S extends readonly number[]>(shape: S): S {
  return [...shape] as readonly number[] as S;
}

/** Puts datatype and shape before the words of a codec, which knows of neither. */
function within<T>(datatype: Datatype, shape: readonly number[], work: () => T): T {
  try {
    return work();
  } catch (reason) {
    if (!(reason instanceof TriptychError)) throw reason;
    throw refuse(`${datatype} ${formatShape(shape)}: ${reason.message}`, reason.hint ?? "", reason.cause);
  }
}

/** The type says so already; this is for JavaScript and for names that came from a server. */
function checkDatatype(datatype: Datatype): void {
  if (DATATYPES.includes(datatype)) return;
  throw refuse(
    `Unknown datatype ${datatype}; expected one of ${DATATYPES.join(", ")}.`,
    "Use Triton's wire name.",
  );
}

function wrongCount(datatype: Datatype, shape: readonly number[], got: number): TriptychError {
  return refuse(
    `${datatype} ${formatShape(shape)}: expected ${elementCount(shape)} elements, got ${got}.`,
    "Pass as many elements as the sizes multiply to, or correct the shape.",
  );
}

function wrongLength(datatype: Datatype, shape: readonly number[], want: number, got: number): TriptychError {
  return refuse(
    `${datatype} ${formatShape(shape)}: expected ${want} bytes, got ${got}.`,
    "Check the datatype and the shape against what was sent.",
  );
}
