import type { Datatype } from "./datatype.ts";

/**
 * What holds the elements of a tensor in memory, by datatype, row-major.
 *
 * FP16 and BF16 are held as numbers; `float32ToFp16(t.data)` gives the raw bits again, exactly.
 */
export interface TensorDataMap {
  /** 0 or 1 an element; `booleansOf` gives booleans. */
  readonly BOOL: Uint8Array;
  readonly UINT8: Uint8Array;
  readonly UINT16: Uint16Array;
  readonly UINT32: Uint32Array;
  readonly UINT64: BigUint64Array;
  readonly INT8: Int8Array;
  readonly INT16: Int16Array;
  readonly INT32: Int32Array;
  readonly INT64: BigInt64Array;
  readonly FP16: Float32Array;
  readonly FP32: Float32Array;
  readonly FP64: Float64Array;
  /** One array of bytes an element; `stringsOf` gives strings. */
  readonly BYTES: readonly Uint8Array[];
  readonly BF16: Float32Array;
}

/** What `tensor()` takes besides the carrier itself. */
interface OtherInputs {
  readonly BOOL: readonly boolean[];
  readonly BYTES: readonly (string | Uint8Array)[];
}

/** The carrier of a tensor's elements. */
export type TensorData<D extends Datatype = Datatype> = TensorDataMap[D];

/** What `tensor()` takes for elements: the carrier; for BOOL also booleans, for BYTES also strings. */
export type TensorInput<D extends Datatype = Datatype> = {
  [K in D]: TensorDataMap[K] | (K extends keyof OtherInputs ? OtherInputs[K] : never);
}[D];

/**
 * Elements of one datatype in a shape, row-major. Made by `tensor()` or `decodeTensor()`, both of which check.
 *
 * `S` is the shape as far as the compiler knows it: `readonly [2, number]` has two dimensions, the first of size 2.
 */
export interface Tensor<D extends Datatype = Datatype, S extends readonly number[] = readonly number[]> {
  readonly datatype: D;
  /** Sizes from the outermost to the innermost; `[]` is a scalar. */
  readonly shape: S;
  readonly data: TensorData<D>;
}

/** A dim as a size: a literal one is itself, −1 and all that only run time knows are any number. */
type SizeOf<Dim extends number> = `${Dim}` extends `-${string}` ? number : Dim;

/** The shape that declared dims allow. */
export type ShapeOf<Dims extends readonly number[]> = number extends Dims["length"]
  ? readonly number[]
  : { readonly [K in keyof Dims]: SizeOf<Dims[K]> };

/** How one datatype goes to bytes and back. Its errors are `tensor-invalid` and speak of elements only. */
export interface Codec<Input, Data> {
  /** The carrier that holds what was given; throws if it cannot. */
  accept(input: Input): Data;
  encode(data: Data): Uint8Array;
  /** `count` elements; for all but BYTES the caller has checked that `bytes` has just their length. */
  decode(bytes: Uint8Array, count: number): Data;
}
