import type { Finding, Position } from "../../errors/index.ts";
import { type FieldRow, isWide, RANGES } from "../schema/rows.ts";
import { ENUMS, MESSAGES } from "../schema/schema.gen.ts";
import type { FieldNode, MessageNode, ScalarNode } from "../text/tree.ts";
import { isRefusal, type ScalarValue, scalarOf } from "./scalar.ts";

type Value = ScalarValue | Message | readonly Value[];

interface Message {
  readonly [field: string]: Value;
}

/** Gives a tree the types of the schema; collects where each value stands, and what is wrong. */
export class Reader {
  readonly findings: Finding[] = [];
  readonly overwritten: Finding[] = [];
  readonly positions = new Map<string, Position>();

  message(type: string, node: MessageNode, path: string): Message {
    const rows = MESSAGES[type] ?? {};
    const values = new Map<string, Value>();
    for (const field of node.fields) {
      const row = Object.hasOwn(rows, field.name) ? rows[field.name] : undefined;
      if (row === undefined) this.#unknown(type, field, path);
      else this.#field({ row, field, path: join(path, field.name), values, rows });
    }
    return inOrder(rows, values);
  }

  #unknown(type: string, { name, position }: FieldNode, path: string): void {
    const known = Object.keys(MESSAGES[type] ?? {}).join(", ");
    const message = `${join(path, name)}: ${type} has no such field.`;
    const hint = known === "" ? "It has none." : `Known are ${known}.`;
    this.findings.push({ rule: "unknown-field", message, hint, path: join(path, name), position });
  }

  #field(place: FieldPlace): void {
    const { row, field, path, values } = place;
    if (!this.#isWellPut(place)) return;
    for (const node of field.values) {
      if (row.key !== undefined) this.#entry(row, node, path, values, field.name);
      else if (row.repeated === true) {
        const items = (values.get(field.name) ?? []) as Value[];
        const value = this.#value(row, node, `${path}[${items.length}]`);
        if (value !== undefined) items.push(value);
        if (items.length > 0) values.set(field.name, items);
      } else {
        const value = this.#value(row, node, path);
        if (value !== undefined) values.set(field.name, value);
      }
    }
  }

  /** Whether colon, brackets and neighbours are what protobuf allows here. */
  #isWellPut({ row, field, path, values, rows }: FieldPlace): boolean {
    const isScalar = MESSAGES[row.type] === undefined && row.key === undefined;
    if (isScalar && !field.colon) {
      return this.#refuse("syntax", `${path}: expected ":" after the name.`, path, field.position);
    }
    if (row.repeated === true || row.key !== undefined) return true;
    if (field.list) {
      return this.#refuse("wrong-type", `${path}: expected one value, got a list.`, path, field.position);
    }
    if (isSet(values.get(field.name), row)) {
      return this.#refuse("duplicate-field", `${path}: it is set twice.`, path, field.position);
    }
    const rival = row.oneof === undefined ? undefined : rivalOf(field.name, row.oneof, rows, values);
    if (rival === undefined) return true;
    const message = `${path}: expected at most one of the ${row.oneof ?? ""}, got ${rival} as well.`;
    return this.#refuse("oneof-conflict", message, path, field.position);
  }

  #value(row: FieldRow, node: ScalarNode | MessageNode, path: string): Value | undefined {
    this.positions.set(path, node.position);
    const isMessage = MESSAGES[row.type] !== undefined;
    if (node.kind === "message") {
      if (isMessage) return this.message(row.type, node, path);
      this.#refuse("wrong-type", `${path}: expected a ${row.type}, got a message.`, path, node.position);
      return undefined;
    }
    if (node.kind === "broken") return undefined;
    const value = isMessage
      ? { rule: "wrong-type" as const, expected: "a message in braces" }
      : scalarOf(row.type, node);
    if (!isRefusal(value)) return value;
    const message = `${path}: expected ${value.expected}, got ${shown(node)}.`;
    this.#refuse(value.rule, message, path, node.position);
    return undefined;
  }

  /** A map is written as messages of a key and a value; of two with the same key, the last one holds. */
  #entry(
    row: FieldRow,
    node: ScalarNode | MessageNode,
    path: string,
    values: Map<string, Value>,
    name: string,
  ): void {
    if (node.kind !== "message") {
      if (node.kind !== "broken") {
        const message = `${path}: expected { key: … value: … }, got ${shown(node)}.`;
        this.#refuse("wrong-type", message, path, node.position);
      }
      return;
    }
    const { key, value } = this.#keyAndValue(row, node, path);
    const before = (values.get(name) ?? {}) as Message;
    if (Object.hasOwn(before, key)) {
      const message = `${path}: the key ${JSON.stringify(key)} is there twice.`;
      this.overwritten.push({ rule: "duplicate-key", message, path, position: node.position });
    }
    // Made anew, since a key called __proto__ cannot be assigned.
    values.set(name, Object.fromEntries([...Object.entries(before), [key, value]]));
  }

  #keyAndValue(row: FieldRow, node: MessageNode, path: string): { key: string; value: Value } {
    const rows = { key: { number: 1, type: row.key ?? "" }, value: { number: 2, type: row.type } };
    const values = new Map<string, Value>();
    const keyNode = node.fields.find(({ name }) => name === "key")?.values[0];
    const keyed = `${path}[${row.key === "string" ? JSON.stringify(scalarText(keyNode)) : scalarText(keyNode)}]`;
    this.positions.set(keyed, node.position);
    for (const field of node.fields) {
      if (field.name === "key" || field.name === "value") {
        // The value's own fields stand right below the key in a path: `parameters["x"].string_value`.
        const at = field.name === "value" ? keyed : `${keyed}.key`;
        this.#field({ row: rows[field.name], field, path: at, values, rows });
      } else {
        this.#refuse(
          "unknown-field",
          `${keyed}: expected key and value only, got ${field.name}.`,
          keyed,
          field.position,
        );
      }
    }
    const key = values.get("key") ?? defaultOf(row.key ?? "");
    return {
      key: typeof key === "object" ? "" : String(key),
      value: values.get("value") ?? defaultOf(row.type),
    };
  }

  #refuse(rule: string, message: string, path: string, position: Position): false {
    this.findings.push({ rule, message, path, position });
    return false;
  }
}

interface FieldPlace {
  readonly row: FieldRow;
  readonly field: FieldNode;
  readonly path: string;
  /** What was read of the message so far. */
  readonly values: Map<string, Value>;
  readonly rows: Readonly<Record<string, FieldRow>>;
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

/** A scalar outside a oneof that is set to its default cannot be told from one that is not set. */
function isSet(value: Value | undefined, row: FieldRow): boolean {
  if (value === undefined) return false;
  return row.oneof !== undefined || typeof value === "object" || !Object.is(value, defaultOf(row.type));
}

function rivalOf(
  name: string,
  oneof: string,
  rows: Readonly<Record<string, FieldRow>>,
  values: ReadonlyMap<string, Value>,
): string | undefined {
  return [...values.keys()].find((other) => other !== name && rows[other]?.oneof === oneof);
}

/** What a reader of the message sees where a value is not written. */
function defaultOf(type: string): Value {
  if (MESSAGES[type] !== undefined) return {};
  if (RANGES[type] !== undefined) return isWide(type) ? 0n : 0;
  if (type === "bool") return false;
  if (type === "float" || type === "double") return 0;
  return Object.keys(ENUMS[type] ?? { "": 0 })[0] ?? "";
}

function inOrder(rows: Readonly<Record<string, FieldRow>>, values: ReadonlyMap<string, Value>): Message {
  const names = Object.keys(rows).filter((name) => values.has(name));
  return Object.fromEntries(names.map((name) => [name, values.get(name) ?? ""]));
}

function scalarText(node: ScalarNode | MessageNode | undefined): string {
  return node === undefined || node.kind === "message" ? "" : node.text;
}

function shown(node: ScalarNode): string {
  return node.kind === "string" ? JSON.stringify(node.text) : `${node.negative ? "-" : ""}${node.text}`;
}
