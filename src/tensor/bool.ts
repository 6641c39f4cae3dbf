import { kindOf, refuse } from "./refuse.ts";
import type { Codec, Tensor } from "./types.ts";

/** One byte an element, 0 or 1, checked both ways: any other byte is a sign of a wrong datatype. */
export const boolCodec: Codec<Uint8Array | readonly boolean[], Uint8Array> = {
  accept: (input) => (isBytes(input) ? checked(input) : fromBooleans(input)),
  encode: (data) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  decode: (bytes) => checked(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)),
};

/** The elements of a BOOL tensor as booleans, row-major. */
export function booleansOf(tensor: Tensor<"BOOL">): boolean[] {
  return Array.from(tensor.data, (byte) => byte !== 0);
}

function isBytes(input: Uint8Array | readonly boolean[]): input is Uint8Array {
  return kindOf(input) === "Uint8Array";
}

function checked(bytes: Uint8Array): Uint8Array {
  const at = bytes.findIndex((byte) => byte > 1);
  if (at === -1) return bytes;
  throw refuse(
    `Element ${at} is ${bytes[at] ?? ""}; expected 0 or 1.`,
    "Use UINT8 for numbers other than 0 and 1.",
  );
}

function fromBooleans(input: readonly unknown[]): Uint8Array {
  const hint = "Pass booleans, or a Uint8Array of 0 and 1.";
  if (!Array.isArray(input)) throw refuse(`Expected booleans or a Uint8Array, got ${kindOf(input)}.`, hint);
  const bytes = new Uint8Array(input.length);
  for (const [at, value] of input.entries()) {
    if (typeof value !== "boolean") {
      throw refuse(`Element ${at} is of type ${kindOf(value)}; expected a boolean.`, hint);
    }
    bytes[at] = value ? 1 : 0;
  }
  return bytes;
}
