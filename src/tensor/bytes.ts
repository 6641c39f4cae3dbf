import type { TriptychError } from "../errors/index.ts";
import { kindOf, refuse } from "./refuse.ts";
import type { Codec, Tensor } from "./types.ts";

/** Bytes of the length that precedes each element: little-endian, unsigned. */
const PREFIX = 4;

const DAMAGED =
  "The data was cut or is not a BYTES tensor; check the datatype and the whole length of what was read.";

/** Elements one after another, each as its length and then its bytes. */
export const bytesCodec: Codec<readonly (string | Uint8Array)[], readonly Uint8Array[]> = {
  accept: acceptElements,
  encode: encodeElements,
  decode: decodeElements,
};

/**
 * The elements of a BYTES tensor as strings, row-major.
 *
 * @throws TriptychError `tensor-invalid` if an element is not valid UTF-8, rather than replace what it holds, and for a
 * tensor of another datatype.
 */
export function stringsOf(tensor: Tensor<"BYTES">): string[] {
  if ((tensor.datatype as string) !== "BYTES")
    throw refuse(`Expected a BYTES tensor, got ${tensor.datatype}.`, "Only the elements of BYTES are text.");
  // A byte order mark is part of the element: dropping it would change the data.
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return tensor.data.map((element, at) => {
    try {
      return decoder.decode(element);
    } catch (cause) {
      const message = `Element ${at} (${element.length} bytes) is not valid UTF-8.`;
      throw refuse(message, "Read the bytes of this tensor from its data; they are no text.", cause);
    }
  });
}

function acceptElements(input: readonly unknown[]): Uint8Array[] {
  const hint = "Pass an array with a string or Uint8Array for each element.";
  if (!Array.isArray(input)) {
    throw refuse(`Expected an array of strings or Uint8Arrays, got ${kindOf(input)}.`, hint);
  }
  const encoder = new TextEncoder();
  return Array.from<unknown, Uint8Array>(input, (element, at) => {
    if (typeof element === "string") return encoder.encode(wellFormed(element, at));
    if (isBytes(element)) return element;
    throw refuse(`Element ${at} is of type ${kindOf(element)}; expected a string or Uint8Array.`, hint);
  });
}

function isBytes(element: unknown): element is Uint8Array {
  return kindOf(element) === "Uint8Array";
}

/** Half of a surrogate pair has no UTF-8; the encoder would write U+FFFD in its place and say nothing. */
function wellFormed(text: string, at: number): string {
  if (!/\p{Surrogate}/u.test(text)) return text;
  throw refuse(
    `Element ${at} holds half of a surrogate pair; expected well-formed text.`,
    "Cut strings between characters, not between code units.",
  );
}

function encodeElements(elements: readonly Uint8Array[]): Uint8Array {
  const length = elements.reduce((sum, element) => sum + PREFIX + element.length, 0);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const element of elements) {
    view.setUint32(at, element.length, true);
    bytes.set(element, at + PREFIX);
    at += PREFIX + element.length;
  }
  return bytes;
}

/** Elements are views of `bytes`. The work is bounded by the bytes there are, whatever count the shape claims. */
function decodeElements(bytes: Uint8Array, count: number): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const elements: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length && elements.length < count) {
    const start = at + PREFIX;
    if (start > bytes.length) throw cutPrefix(elements.length, bytes.length - at);
    const end = start + view.getUint32(at, true);
    if (end > bytes.length) throw cutElement(elements.length, end - start, bytes.length - start);
    elements.push(new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start));
    at = end;
  }
  if (elements.length < count) {
    throw refuse(`Expected ${count} elements, got ${elements.length}.`, "Give the shape of what was sent.");
  }
  if (at < bytes.length) {
    throw refuse(`Expected nothing after ${count} elements, got ${bytes.length - at} bytes more.`, DAMAGED);
  }
  return elements;
}

function cutPrefix(at: number, left: number): TriptychError {
  return refuse(`Element ${at} starts with ${left} bytes; expected a length of ${PREFIX} bytes.`, DAMAGED);
}

function cutElement(at: number, length: number, left: number): TriptychError {
  return refuse(`Element ${at} says it has ${length} bytes; got ${left}.`, DAMAGED);
}
