import { MODEL_CONFIG_SCHEMA, type ModelConfigMessage } from "../../../src/model-config/index.ts";
import { oneOf, type Roll } from "./dice.ts";
import { anyField, anyValue, type Row } from "./value.ts";

const { messages } = MODEL_CONFIG_SCHEMA;

/**
 * Fields that stay as they are: a model file that is not there makes the load hang, which a case of its own shows, and
 * agents are programs beside Triton.
 */
const KEPT = ["default_model_filename", "model_repository_agents"];

type Fields = Record<string, unknown>;

/** A place that can change, with the change. */
interface Change {
  readonly what: string;
  readonly make: () => void;
}

/** Changes one thing in a message, and says what. */
export function changeMessage(message: ModelConfigMessage, roll: Roll): string {
  const words = [...wordsIn(message)];
  const { what, make } = oneOf(roll, [...changesIn("ModelConfig", message as Fields, "", words, roll)]);
  make();
  return what;
}

function* wordsIn(value: unknown): Iterable<string> {
  if (typeof value === "string") yield value;
  else if (typeof value === "object" && value !== null) {
    yield* Object.keys(value);
    for (const part of Object.values(value)) yield* wordsIn(part);
  }
}

function* changesIn(
  type: string,
  fields: Fields,
  at: string,
  words: readonly string[],
  roll: Roll,
): Iterable<Change> {
  const rows = Object.entries(messages[type] ?? {}).filter(([name]) => !KEPT.includes(name));
  for (const [name, row] of rows) {
    const path = at === "" ? name : `${at}.${name}`;
    if (fields[name] !== undefined) yield* changesOf(fields, name, row, path, words, roll);
  }
  // One for all that is not there: else what is there would hardly ever change.
  yield addition(
    rows.filter(([name]) => fields[name] === undefined),
    fields,
    at,
    words,
    roll,
  );
}

function addition(
  absent: readonly (readonly [string, Row])[],
  fields: Fields,
  at: string,
  words: readonly string[],
  roll: Roll,
): Change {
  const [name, row] = absent[roll(Math.max(1, absent.length))] ?? [];
  const make = (): void => {
    if (name !== undefined) fields[name] = anyField(row, words, roll);
  };
  return { what: `${at}: add ${name ?? "nothing"}`, make };
}

function* changesOf(
  fields: Fields,
  name: string,
  row: Row,
  path: string,
  words: readonly string[],
  roll: Roll,
): Iterable<Change> {
  yield { what: `${path}: remove`, make: () => Reflect.deleteProperty(fields, name) };
  if (row.repeated === true && row.key === undefined) {
    yield* listChanges(fields[name] as unknown[], row.type, path, words, roll);
  } else if (row.key !== undefined) {
    yield* mapChanges(fields[name] as Fields, row.type, path, words, roll);
  } else yield* valueChanges(fields, name, row.type, path, words, roll);
}

function* listChanges(
  items: unknown[],
  type: string,
  path: string,
  words: readonly string[],
  roll: Roll,
): Iterable<Change> {
  yield { what: `${path}: append`, make: () => items.push(anyValue(type, words, roll)) };
  yield { what: `${path}: reverse`, make: () => items.reverse() };
  for (const index of items.keys()) {
    const at = `${path}[${index}]`;
    yield { what: `${at}: remove`, make: () => items.splice(index, 1) };
    yield { what: `${at}: double`, make: () => items.push(structuredClone(items[index])) };
    yield* valueChanges(items as unknown as Fields, String(index), type, at, words, roll);
  }
}

function* mapChanges(
  map: Fields,
  type: string,
  path: string,
  words: readonly string[],
  roll: Roll,
): Iterable<Change> {
  for (const key of Object.keys(map)) {
    const at = `${path}["${key}"]`;
    yield { what: `${at}: remove`, make: () => Reflect.deleteProperty(map, key) };
    yield* valueChanges(map, key, type, at, words, roll);
    const isNumber = /^\d+$/.test(key);
    const make = (): void => {
      const other = isNumber ? String(roll(5)) : oneOf(roll, ["", "nosuch", ...words]);
      const value = map[key];
      Reflect.deleteProperty(map, key);
      map[other] = value;
    };
    yield { what: `${at}: another key`, make };
  }
}

function* valueChanges(
  holder: Fields,
  name: string,
  type: string,
  path: string,
  words: readonly string[],
  roll: Roll,
): Iterable<Change> {
  if (messages[type] !== undefined) {
    yield* changesIn(type, holder[name] as Fields, path, words, roll);
    return;
  }
  const make = (): void => {
    const before = holder[name];
    for (let tries = 0; holder[name] === before && tries < 10; tries += 1)
      holder[name] = anyValue(type, words, roll);
  };
  yield { what: `${path}: change`, make };
}
