import { MESSAGES, type ModelConfigMessage } from "./schema/schema.gen.ts";

type Fields = Readonly<Record<string, unknown>>;

/** One value that two configurations do not have in common. */
export interface FieldDifference {
  /** Such as `parameters["crf"].string_value`, as positions of a text are named. */
  readonly path: string;
  /** As a person would write it; undefined where there is none. */
  readonly expected: string | undefined;
  readonly got: string | undefined;
}

/** Every value that two configurations do not have in common, in the order of the schema. */
export function diffModelConfigs(expected: ModelConfigMessage, got: ModelConfigMessage): FieldDifference[] {
  return [...messages("ModelConfig", expected as Fields, got as Fields, "")];
}

function* messages(type: string, expected: Fields, got: Fields, path: string): Generator<FieldDifference> {
  for (const [name, row] of Object.entries(MESSAGES[type] ?? {})) {
    const [one, other] = [expected[name], got[name]];
    const place = path === "" ? name : `${path}.${name}`;
    if (row.key !== undefined) yield* maps({ ...row, key: row.key }, one, other, place);
    else if (row.repeated === true) yield* lists(row.type, one, other, place);
    else yield* values(row.type, one, other, place);
  }
}

function* maps(
  row: { readonly type: string; readonly key: string },
  expected: unknown,
  got: unknown,
  path: string,
): Generator<FieldDifference> {
  const [one, other] = [(expected ?? {}) as Fields, (got ?? {}) as Fields];
  for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const place = `${path}[${row.key === "string" ? JSON.stringify(key) : key}]`;
    yield* values(row.type, ownOf(one, key), ownOf(other, key), place);
  }
}

/** Keys come from files: one of them may be the name of a method. */
function ownOf(fields: Fields, key: string): unknown {
  return Object.hasOwn(fields, key) ? fields[key] : undefined;
}

function* lists(type: string, expected: unknown, got: unknown, path: string): Generator<FieldDifference> {
  const [one, other] = [(expected ?? []) as readonly unknown[], (got ?? []) as readonly unknown[]];
  for (let index = 0; index < Math.max(one.length, other.length); index += 1)
    yield* values(type, one[index], other[index], `${path}[${index}]`);
}

function* values(type: string, expected: unknown, got: unknown, path: string): Generator<FieldDifference> {
  const isMessage = MESSAGES[type] !== undefined;
  if (isMessage && expected !== undefined && got !== undefined)
    yield* messages(type, expected as Fields, got as Fields, path);
  else if (!Object.is(expected, got)) yield { path, expected: shown(expected), got: shown(got) };
}

function shown(value: unknown): string | undefined {
  if (typeof value === "bigint") return String(value);
  // JSON knows no 64-bit numbers.
  const plain = (_: string, inner: unknown): unknown => (typeof inner === "bigint" ? String(inner) : inner);
  return value === undefined ? undefined : JSON.stringify(value, plain);
}
