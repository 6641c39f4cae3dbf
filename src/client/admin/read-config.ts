import { MODEL_CONFIG_SCHEMA, type ModelConfigMessage } from "../../model-config/index.ts";

type Rows = (typeof MODEL_CONFIG_SCHEMA.messages)[string];
type Row = Rows[string];

/**
 * A configuration as `readModelConfig` gives it for a file: 64-bit numbers as bigints, and no property where there is
 * the default, which is all that the wire leaves of it.
 */
export function readConfig(config: object): ModelConfigMessage {
  return messageOf("ModelConfig", config);
}

function messageOf(type: string, message: object): Record<string, unknown> {
  const fields = message as Readonly<Record<string, unknown>>;
  const entries = Object.entries(MODEL_CONFIG_SCHEMA.messages[type] ?? {}).flatMap(([name, row]) => {
    const value = fieldOf(row, fields[name]);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(entries);
}

/** Undefined where there is nothing. */
function fieldOf(row: Row, value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  if (row.key !== undefined) return some(Object.entries(value), (items) => mapOf(row, items));
  if (row.repeated === true)
    return some(value as readonly unknown[], (items) => items.map((one) => valueOf(row, one)));
  const one = valueOf(row, value);
  return row.oneof === undefined && isDefault(row, one) ? undefined : one;
}

function some<T, R>(items: readonly T[], make: (items: readonly T[]) => R): R | undefined {
  return items.length === 0 ? undefined : make(items);
}

function mapOf(row: Row, items: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  return Object.fromEntries(items.map(([key, value]) => [key, valueOf(row, value)]));
}

function valueOf({ type }: Row, value: unknown): unknown {
  if (type === "int64" || type === "uint64") return BigInt(value as string);
  return type in MODEL_CONFIG_SCHEMA.messages ? messageOf(type, value as object) : value;
}

function isDefault({ type }: Row, value: unknown): boolean {
  if (value === "" || value === 0 || value === 0n || value === false) return true;
  return MODEL_CONFIG_SCHEMA.enums[type]?.[value as string] === 0;
}
