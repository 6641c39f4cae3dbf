import { isWide, RANGES } from "../schema/rows.ts";
import { ENUMS } from "../schema/schema.gen.ts";
import type { ScalarNode } from "../text/tree.ts";

/** A value of a message. */
export type ScalarValue = string | number | bigint | boolean;

/** Why a value is not one: the rule, and what was expected in its place. */
export interface Refusal {
  readonly rule: "wrong-type" | "out-of-range" | "unknown-value";
  readonly expected: string;
}

const TRUE = ["true", "True", "t"];
const FALSE = ["false", "False", "f"];
const FLOATS: Readonly<Record<string, number>> = {
  inf: Number.POSITIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  nan: Number.NaN,
};

/** The value that a node stands for in a field of this type. */
export function scalarOf(type: string, node: ScalarNode): ScalarValue | Refusal {
  if (type === "string") return node.kind === "string" ? node.text : wrong("a string in quotes");
  if (type === "bool") return boolOf(node);
  if (type === "float" || type === "double") return floatOf(type, node);
  return RANGES[type] === undefined ? enumOf(type, node) : integerOf(type, node);
}

/** True for what {@link scalarOf} gives instead of a value. */
export function isRefusal(value: ScalarValue | Refusal): value is Refusal {
  return typeof value === "object";
}

function wrong(expected: string): Refusal {
  return { rule: "wrong-type", expected };
}

function boolOf(node: ScalarNode): boolean | Refusal {
  const expected = "true or false";
  if (node.negative) return wrong(expected);
  if (node.kind === "identifier" && TRUE.includes(node.text)) return true;
  if (node.kind === "identifier" && FALSE.includes(node.text)) return false;
  const value = node.kind === "integer" ? wholeOf(node) : -1n;
  return value === 0n || value === 1n ? value === 1n : wrong(expected);
}

function integerOf(type: string, node: ScalarNode): number | bigint | Refusal {
  const { min, max } = RANGES[type] ?? { min: 0n, max: 0n };
  if (node.kind !== "integer") return wrong("a whole number");
  const value = wholeOf(node);
  // A sign before an unsigned number is refused even of 0, as protobuf does.
  if (value < min || value > max || (node.negative && min === 0n)) {
    return { rule: "out-of-range", expected: `a whole number from ${min} to ${max}` };
  }
  return isWide(type) ? value : Number(value);
}

/** Of decimal, hexadecimal and octal digits. */
function wholeOf({ text, negative }: ScalarNode): bigint {
  const value = BigInt(/^0[0-7]/.test(text) ? `0o${text.slice(1)}` : text);
  return negative ? -value : value;
}

function floatOf(type: string, node: ScalarNode): number | Refusal {
  const size = magnitudeOf(node);
  if (size === undefined) return wrong("a decimal number, inf or nan");
  const value = node.negative ? -size : size;
  return type === "float" ? Math.fround(value) : value;
}

function magnitudeOf({ kind, text }: ScalarNode): number | undefined {
  if (kind === "float") return Number(text.replace(/[fF]$/, ""));
  if (kind === "integer") return /^0./.test(text) ? undefined : Number(text);
  return kind === "identifier" ? FLOATS[text.toLowerCase()] : undefined;
}

/** The name where the schema has one for the number. */
function enumOf(type: string, node: ScalarNode): string | number | Refusal {
  const values = ENUMS[type] ?? {};
  const known = Object.keys(values);
  if (node.kind === "identifier" && !node.negative) {
    if (Object.hasOwn(values, node.text)) return node.text;
    return { rule: "unknown-value", expected: `one of ${known.join(", ")}` };
  }
  const number = integerOf("int32", node);
  if (typeof number !== "number") return wrong(`one of ${known.join(", ")}`);
  return known.find((name) => values[name] === number) ?? number;
}
