/** What a value of a field is, where it is neither a message nor an enum. */
export type ScalarType = "string" | "bool" | "int32" | "uint32" | "int64" | "uint64" | "float" | "double";

/** What the schema says of one field. */
export interface FieldRow {
  readonly number: number;
  /** A {@link ScalarType}, or the name of a message or an enum; of a map, that of its values. */
  readonly type: string;
  readonly repeated?: true;
  /** Type of the keys of a map. */
  readonly key?: string;
  /** Of the fields that have this in common, a message may have one. */
  readonly oneof?: string;
}

/** Whole numbers that a type can hold; `-1` and friends only where `min` is below 0. */
export const RANGES: Readonly<Record<string, { readonly min: bigint; readonly max: bigint }>> = {
  int32: { min: -(2n ** 31n), max: 2n ** 31n - 1n },
  uint32: { min: 0n, max: 2n ** 32n - 1n },
  int64: { min: -(2n ** 63n), max: 2n ** 63n - 1n },
  uint64: { min: 0n, max: 2n ** 64n - 1n },
};

/** True for the types that are bigints in a message; the other numbers are numbers. */
export function isWide(type: string): boolean {
  return type === "int64" || type === "uint64";
}
