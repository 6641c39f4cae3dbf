import { MODEL_CONFIG_SCHEMA } from "../../../src/model-config/index.ts";
import { oneOf, type Roll } from "./dice.ts";

const { messages, enums } = MODEL_CONFIG_SCHEMA;

/** What the schema says of a field. */
export type Row = NonNullable<NonNullable<(typeof messages)[string]>[string]>;

/** Small ones only: a count is of processes, and a size is of memory. */
const NUMBERS = [-2, -1, 0, 1, 2, 3, 4, 7, 8, 9];
const FLOATS = [-0.5, 0, 0.5, 1, 1.5];
const WORDS = ["", "nosuch", "a b", "X", "Y", "plain", "../x"];

/** A whole number that a type can hold. */
function whole(type: string, roll: Roll): number {
  const fitting = type.startsWith("u") ? NUMBERS.filter((number) => number >= 0) : NUMBERS;
  return oneOf(roll, fitting);
}

/** A value for one place of a field: a scalar, or a message with one or two of its fields. */
export function anyValue(type: string, words: readonly string[], roll: Roll): unknown {
  const rows = messages[type];
  if (rows !== undefined) return anyMessage(rows, words, roll);
  const names = enums[type];
  if (names !== undefined) return oneOf(roll, Object.keys(names));
  if (type === "bool") return roll(2) === 0;
  if (type === "string") return oneOf(roll, [...WORDS, ...words]);
  if (type === "float" || type === "double") return oneOf(roll, FLOATS);
  return type.endsWith("64") ? BigInt(whole(type, roll)) : whole(type, roll);
}

function anyMessage(rows: Readonly<Record<string, Row>>, words: readonly string[], roll: Roll): object {
  const all = Object.keys(rows);
  const names = all.length === 0 ? [] : Array.from({ length: roll(3) }, () => oneOf(roll, all));
  return Object.fromEntries(names.map((name) => [name, anyField(rows[name], words, roll)]));
}

/** A value for a field that was not there. */
export function anyField(row: Row | undefined, words: readonly string[], roll: Roll): unknown {
  if (row === undefined) throw new Error("expected a field of the schema");
  const value = anyValue(row.type, words, roll);
  if (row.key === "string") return { [oneOf(roll, [...WORDS, ...words])]: value };
  if (row.key !== undefined) return { [String(whole(row.key, roll))]: value };
  return row.repeated === true ? [value] : value;
}
