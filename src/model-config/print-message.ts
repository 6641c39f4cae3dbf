import { type FieldRow, RANGES } from "./schema/rows.ts";
import { ENUMS, MESSAGES, type ModelConfigMessage } from "./schema/schema.gen.ts";
import { block, inline, integer, list, map, quote, refuse } from "./text-format.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Messages of one or two settings, which stand on one line among the plain fields. */
const ON_ONE_LINE = ["version_policy", "model_transaction_policy", "response_cache"];

/**
 * A message as sections of lines: first what fits on a line, then a section for each block, in the order of the
 * schema. Every field that is there is written, even where it equals the schema's default.
 */
export function messageSections(message: ModelConfigMessage): (readonly string[])[] {
  const rows = Object.entries(MESSAGES["ModelConfig"] ?? {});
  const fields = message as Fields;
  checkKeys("ModelConfig", fields);
  const given = rows.filter(([name]) => fields[name] !== undefined);
  const isPlain = ([name, row]: [string, FieldRow]): boolean =>
    row.key === undefined && (ON_ONE_LINE.includes(name) || MESSAGES[row.type] === undefined);
  const head = given
    .filter(isPlain)
    .flatMap(([name, row]) =>
      ON_ONE_LINE.includes(name)
        ? [inline(name, ...oneLine(row.type, fields[name]))]
        : fieldLines(name, row, fields[name]),
    );
  const blocks = given
    .filter((entry) => !isPlain(entry))
    .flatMap(([name, row]) =>
      row.key === undefined && row.repeated === true
        ? itemsOf(name, fields[name]).map((item) => block(name, messageLines(row.type, item)))
        : [fieldLines(name, row, fields[name])],
    );
  return [head, ...blocks];
}

/** The fields of a message, each on lines of its own. */
function messageLines(type: string, message: unknown): string[] {
  const fields = fieldsOf(type, message);
  checkOneofs(type, fields);
  return Object.entries(MESSAGES[type] ?? {}).flatMap(([name, row]) =>
    fields[name] === undefined ? [] : fieldLines(name, row, fields[name]),
  );
}

function fieldLines(name: string, row: FieldRow, value: unknown): readonly string[] {
  const isMessage = MESSAGES[row.type] !== undefined;
  if (row.key !== undefined) return entryLines(name, row, value);
  if (isMessage) {
    const items = row.repeated === true ? itemsOf(name, value) : [value];
    return items.flatMap((item) => block(name, messageLines(row.type, item)));
  }
  if (row.repeated !== true) return [`${name}: ${scalar(name, row.type, value)}`];
  const items = itemsOf(name, value).map((item) => scalar(name, row.type, item));
  return items.length === 0 ? [] : [list(name, items)];
}

function entryLines(name: string, row: FieldRow, value: unknown): string[] {
  const key = (text: string): string =>
    row.key === "string" ? quote(text) : integer(name, BigInt(text), rangeOf(row.key ?? ""));
  return map(name, fieldsOf(name, value), key, (item) =>
    MESSAGES[row.type] === undefined
      ? `value: ${scalar(name, row.type, item)}`
      : inline("value", ...oneLine(row.type, item)),
  );
}

/** The fields of a message, without line breaks between them. */
function oneLine(type: string, message: unknown): string[] {
  return messageLines(type, message).map((line) => line.trim());
}

function scalar(name: string, type: string, value: unknown): string {
  const text = ENUMS[type] === undefined ? plainText(name, type, value) : enumText(name, ENUMS[type], value);
  if (text !== undefined) return text;
  const expected = ENUMS[type] === undefined ? type : `one of ${Object.keys(ENUMS[type]).join(", ")}`;
  throw refuse(
    `${name} is ${String(value)}; expected ${expected}.`,
    `Correct ${name}; the schema holds no other value.`,
  );
}

function plainText(name: string, type: string, value: unknown): string | undefined {
  if (typeof value === "string") return type === "string" ? quote(value) : undefined;
  if (typeof value === "boolean") return type === "bool" ? String(value) : undefined;
  if (typeof value !== "number" && typeof value !== "bigint") return undefined;
  if (RANGES[type] !== undefined) return integer(name, value, rangeOf(type));
  return (type === "float" || type === "double") && typeof value === "number" ? float(value) : undefined;
}

function enumText(
  name: string,
  values: Readonly<Record<string, number>>,
  value: unknown,
): string | undefined {
  if (typeof value === "number") return integer(name, value, rangeOf("int32"));
  return typeof value === "string" && Object.hasOwn(values, value) ? value : undefined;
}

function float(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return Object.is(value, -0) ? "-0.0" : String(value);
}

function rangeOf(type: string): { readonly min: bigint; readonly max: bigint } {
  return RANGES[type] ?? { min: 0n, max: 0n };
}

function itemsOf(name: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw refuse(`${name} is ${typeof value}; expected an array.`, `Correct ${name}; it may stand many times.`);
}

function fieldsOf(type: string, message: unknown): Fields {
  if (typeof message !== "object" || message === null) {
    throw refuse(`${type} is ${String(message)}; expected an object.`, "Correct it; an empty one is {}.");
  }
  const fields = message as Fields;
  if (MESSAGES[type] !== undefined) checkKeys(type, fields);
  return fields;
}

/** A misspelt field would be left out in silence. */
function checkKeys(type: string, fields: Fields): void {
  const known = MESSAGES[type] ?? {};
  const stray = Object.keys(fields).find((name) => !Object.hasOwn(known, name));
  if (stray === undefined) {
    checkOneofs(type, fields);
    return;
  }
  throw refuse(
    `${type} has a field ${stray}; expected only ${Object.keys(known).join(", ")}.`,
    "Correct the name; it is that of model_config.proto.",
  );
}

/** A text with two members of a oneof does not parse. */
function checkOneofs(type: string, fields: Fields): void {
  const members = Object.entries(MESSAGES[type] ?? {}).filter(
    ([name, row]) => row.oneof !== undefined && fields[name] !== undefined,
  );
  const twice = members.find(([name, row]) =>
    members.some(([other, { oneof }]) => other !== name && oneof === row.oneof),
  );
  if (twice === undefined) return;
  const [, { oneof = "" }] = twice;
  const names = members.filter(([, row]) => row.oneof === oneof).map(([name]) => name);
  throw refuse(
    `It has ${names.join(" and ")}; expected at most one ${oneof}.`,
    "Leave all but one of them out.",
  );
}
