/** Protobuf's text format, as far as a printer needs it: every piece is lines of text. */

import { TriptychError } from "../errors/index.ts";

/** Whole numbers that a field of the schema can hold. */
interface Range {
  readonly min: number | bigint;
  readonly max: number | bigint;
}

/** A `model-config-syntax` error; the message says what was expected and what came, the hint what to do. */
export function refuse(message: string, hint: string): TriptychError {
  return new TriptychError("model-config-syntax", message, { hint });
}

/** `name { … }` over several lines, its content indented; `name { }` on one if it is empty. */
export function block(name: string, content: readonly string[]): string[] {
  if (content.length === 0) return [`${name} { }`];
  return [`${name} {`, ...content.map((line) => `  ${line}`), "}"];
}

/** `name { … }` on one line. */
export function inline(name: string, ...content: readonly string[]): string {
  return content.length === 0 ? `${name} { }` : `${name} { ${content.join(" ")} }`;
}

/** A map as one `name { key: … … }` an entry, sorted by key, so that the order of making it does not show. */
export function map<T>(
  name: string,
  entries: Readonly<Record<string, T>>,
  writeKey: (key: string) => string,
  write: (value: T) => string,
): string[] {
  const sorted = Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([key, value]) => inline(name, `key: ${writeKey(key)}`, write(value)));
}

/** A list of values on one line. */
export function list(name: string, values: readonly string[]): string {
  return `${name}: [ ${values.join(", ")} ]`;
}

/**
 * A number as digits.
 *
 * @param name - Its field, for the message.
 * @throws TriptychError `model-config-syntax` if it is not whole or the field cannot hold it.
 */
export function integer(name: string, value: number | bigint, range: Range): string {
  // BigInt keeps digits plain: String(1e21) has an exponent and -0 a sign that means nothing.
  const isWhole = typeof value === "bigint" || Number.isInteger(value);
  if (isWhole && value >= range.min && value <= range.max) return String(BigInt(value));
  throw refuse(
    `${name} is ${value}; expected a whole number from ${range.min} to ${range.max}.`,
    `Correct ${name}; Triton's schema holds no other value.`,
  );
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/**
 * A string in quotes. Control characters become three octal digits, which no digit after them can lengthen;
 * whatever is beyond ASCII stays as it is.
 *
 * @throws TriptychError `model-config-syntax` for half of a surrogate pair, which UTF-8 cannot hold.
 */
export function quote(text: string): string {
  if (/\p{Surrogate}/u.test(text)) {
    throw refuse(
      `The string ${JSON.stringify(text)} holds half of a surrogate pair; expected well-formed text.`,
      "Cut strings between characters, not between code units.",
    );
  }
  return `"${text.replace(/["\\\u0000-\u001f\u007f]/g, escaped)}"`;
}

function escaped(character: string): string {
  return ESCAPES[character] ?? `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`;
}

/** Lines of a comment. Control characters become spaces, because a NUL or a carriage return could end it early. */
export function comment(text: string): string[] {
  const lines = text.split(/\r\n|[\r\n]/);
  return lines.map((line) => `# ${line.replace(/\p{Cc}/gu, " ")}`.trimEnd());
}
