/** What JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A message as JSON. */
export type JsonObject = Readonly<Record<string, Json>>;

/** The key of the only member of an object that stands for bytes. */
export const BYTES_KEY = "$base64";

/** A message of the wire as JSON: bytes as `{ "$base64": … }`, 64-bit numbers as text; what is undefined is left out. */
export function toJson(message: object): JsonObject {
  return jsonOf(message) as JsonObject;
}

/** The message back; bytes are Buffers, as the gRPC library hands them over. */
export function fromJson(json: Json): unknown {
  if (Array.isArray(json)) return json.map(fromJson);
  if (json === null || typeof json !== "object") return json;
  const bytes = bytesIn(json);
  if (bytes !== undefined) return bytes;
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, fromJson(value)]));
}

/** The bytes that an object stands for, if it does. */
export function bytesIn(json: Json | undefined): Buffer | undefined {
  if (json === undefined || json === null || typeof json !== "object" || !(BYTES_KEY in json))
    return undefined;
  const text = json[BYTES_KEY];
  return typeof text === "string" ? Buffer.from(text, "base64") : undefined;
}

function jsonOf(value: unknown): Json | undefined {
  if (value instanceof Uint8Array) {
    return { [BYTES_KEY]: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64") };
  }
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return value.map((item) => jsonOf(item) ?? null);
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([key, item]) => [key, jsonOf(item)] as const);
    return Object.fromEntries(entries.filter((entry): entry is [string, Json] => entry[1] !== undefined));
  }
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  return typeof value === "number" ? value : undefined;
}
