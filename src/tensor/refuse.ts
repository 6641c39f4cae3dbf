import { TriptychError } from "../errors/index.ts";

/** A `tensor-invalid` error; the message says what was expected and what came, the hint what to do. */
export function refuse(message: string, hint: string, cause?: unknown): TriptychError {
  return new TriptychError("tensor-invalid", message, { hint, ...(cause === undefined ? {} : { cause }) });
}

/** What a value is, for a message: `Float32Array`, `Array`, `null`, `string`. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "Array";
  // A Buffer answers Uint8Array here, which it is; and the answer is the same for arrays of another realm.
  if (ArrayBuffer.isView(value)) return (value as unknown as Tagged)[Symbol.toStringTag];
  return typeof value;
}

interface Tagged {
  readonly [Symbol.toStringTag]: string;
}
