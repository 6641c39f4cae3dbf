import { boolCodec } from "./bool.ts";
import { bytesCodec } from "./bytes.ts";
import type { Datatype } from "./datatype.ts";
import { bf16ToFloat32, float32ToBf16, float32ToFp16, fp16ToFloat32 } from "./half.ts";
import { kindOf, refuse } from "./refuse.ts";
import type { Codec, TensorDataMap, TensorInput } from "./types.ts";

/** Built-in typed arrays, as far as the codec needs them. */
interface Carrier<Data> {
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): Data;
}

/** One codec for each datatype; the mapped type ties its carrier to the datatype's. */
export const CODECS: { readonly [D in Datatype]: Codec<TensorInput<D>, TensorDataMap[D]> } = {
  BOOL: boolCodec,
  UINT8: plain(Uint8Array),
  UINT16: plain(Uint16Array),
  UINT32: plain(Uint32Array),
  UINT64: plain(BigUint64Array),
  INT8: plain(Int8Array),
  INT16: plain(Int16Array),
  INT32: plain(Int32Array),
  INT64: plain(BigInt64Array),
  FP16: half(float32ToFp16, fp16ToFloat32),
  FP32: plain(Float32Array),
  FP64: plain(Float64Array),
  BYTES: bytesCodec,
  BF16: half(float32ToBf16, bf16ToFloat32),
};

/** A view is the wire format on a little-endian processor only; all that Node is built for are, but one. */
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Elements whose memory is the wire format, so that both ways are views. */
function plain<Data extends ArrayBufferView>(carrier: Carrier<Data>): Codec<Data, Data> {
  return {
    accept: (input) => accepted(carrier.name, input),
    encode: (data) => bytesOf(data),
    decode: (bytes) => viewOf(carrier, bytes),
  };
}

function half(
  encode: (values: Float32Array) => Uint16Array,
  decode: (bits: Uint16Array) => Float32Array,
): Codec<Float32Array, Float32Array> {
  return {
    accept: (input) => accepted("Float32Array", input),
    encode: (data) => bytesOf(encode(data)),
    decode: (bytes) => decode(viewOf(Uint16Array, bytes)),
  };
}

function accepted<Data>(carrier: string, input: Data): Data {
  if (kindOf(input) === carrier) return input;
  throw refuse(`Expected a ${carrier}, got ${kindOf(input)}.`, `Convert the data with ${carrier}.from(…).`);
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  checkByteOrder();
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** A view over the bytes where they are aligned for the element; over one copy of them where not. */
function viewOf<Data>(carrier: Carrier<Data>, bytes: Uint8Array): Data {
  checkByteOrder();
  const aligned = bytes.byteOffset % carrier.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes);
  return new carrier(aligned.buffer, aligned.byteOffset, aligned.byteLength / carrier.BYTES_PER_ELEMENT);
}

function checkByteOrder(): void {
  if (LITTLE_ENDIAN) return;
  throw refuse(
    "Expected a little-endian processor, got a big-endian one.",
    "Run the client on x64 or arm64.",
  );
}
