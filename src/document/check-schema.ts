import { Ajv, type ErrorObject } from "ajv";
import type { Finding } from "../errors/index.ts";
import type { Path } from "./problem.ts";
import type { DocumentSource } from "./source.ts";
import { suggest } from "./suggest.ts";

const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true, verbose: true });

function pathOf(pointer: string): Path {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

/** A value as a person would type it, cut short. */
export function show(value: unknown): string {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function parameter(error: ErrorObject, name: string): unknown {
  return (error.params as Record<string, unknown>)[name];
}

/** What is said of one mistake. */
export interface SchemaMessage {
  readonly rule: string;
  readonly message: string;
  readonly hint?: string;
  /** Key below the error's path that the finding is about. */
  readonly key?: string;
}

function unknownKey(error: ErrorObject): SchemaMessage {
  const key = String(parameter(error, "additionalProperty"));
  const known = Object.keys((error.parentSchema?.["properties"] as object | undefined) ?? {});
  const guess = suggest(key, known);
  if (known.length === 0) {
    return {
      rule: "bad-name",
      message: `"${key}" is not a valid name`,
      hint: "use lower-case letters, digits and _, beginning with a letter",
      key,
    };
  }
  return {
    rule: "unknown-key",
    message: `unknown key "${key}"`,
    hint: guess === undefined ? `known keys here: ${known.join(", ")}` : `did you mean "${guess}"?`,
    key,
  };
}

function wrongType(error: ErrorObject): SchemaMessage {
  const wanted = String(parameter(error, "type"));
  return { rule: "wrong-type", message: `expected ${wanted}, got ${show(error.data)}` };
}

interface Branch {
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
}

/** What a union expects of a value that is no map. */
function plainBranch({ keyword, schema }: ErrorObject): Branch | undefined {
  if (keyword !== "anyOf" || !Array.isArray(schema)) return undefined;
  return (schema as readonly Branch[]).find(
    (branch) => branch.enum !== undefined || branch.pattern !== undefined,
  );
}

function notOneOf(
  error: ErrorObject,
  words = parameter(error, "allowedValues") as readonly unknown[],
): SchemaMessage {
  const allowed = words.map(String);
  const guess = typeof error.data === "string" ? suggest(error.data, allowed) : undefined;
  const hint = guess === undefined ? {} : { hint: `did you mean "${guess}"?` };
  return {
    rule: "not-one-of",
    message: `expected one of ${allowed.join(", ")}, got ${show(error.data)}`,
    ...hint,
  };
}

function notThis(error: ErrorObject): SchemaMessage {
  const wanted = show(parameter(error, "allowedValue"));
  return { rule: "not-one-of", message: `expected ${wanted}, got ${show(error.data)}` };
}

function missing(error: ErrorObject): SchemaMessage {
  const key = String(parameter(error, "missingProperty"));
  return { rule: "missing-key", message: `missing key "${key}"`, hint: `add "${key}:" here` };
}

const BY_KEYWORD: Readonly<Record<string, (error: ErrorObject) => SchemaMessage>> = {
  additionalProperties: unknownKey,
  type: wrongType,
  enum: notOneOf,
  required: missing,
  const: notThis,
};

function describe(error: ErrorObject): SchemaMessage {
  const branch = plainBranch(error);
  if (branch?.enum !== undefined) return notOneOf(error, branch.enum);
  if (branch?.pattern !== undefined && typeof error.data === "string")
    return { rule: "bad-value", message: `must match pattern "${branch.pattern}", got ${show(error.data)}` };
  const special = BY_KEYWORD[error.keyword];
  if (special) return special(error);
  return { rule: "bad-value", message: `${error.message ?? error.keyword}, got ${show(error.data)}` };
}

const UNION_PARTS = new Set(["const", "anyOf", "type", "pattern", "enum"]);

/** A union reports each of its failed branches; keep one error for each, and only the telling one. */
function withoutUnionNoise(errors: readonly ErrorObject[]): ErrorObject[] {
  const unions = errors.filter((error) => error.keyword === "anyOf").map((error) => error.instancePath);
  const isTelling = (error: ErrorObject): boolean =>
    !unions.includes(error.instancePath) || !UNION_PARTS.has(error.keyword);
  // A map may fit one of the branches but for a key; where none is for maps, only the union itself can tell.
  const hasTelling = ({ instancePath: path }: ErrorObject): boolean =>
    errors.some(
      (error) =>
        isTelling(error) && (error.instancePath === path || error.instancePath.startsWith(`${path}/`)),
    );
  return errors.filter((error) => {
    if (!unions.includes(error.instancePath)) return true;
    const isObject = typeof error.data === "object" && error.data !== null && !Array.isArray(error.data);
    return isObject && hasTelling(error) ? isTelling(error) : error.keyword === "anyOf";
  });
}

/** A mistake in a value, for a document that has words of its own for some. */
export interface SchemaMistake {
  /** Where the value stands. */
  readonly path: Path;
  readonly keyword: string;
  readonly value: unknown;
  /** The key that is missing, where that is the mistake. */
  readonly missing?: string;
}

/** Says a mistake in words of the document's own; undefined for the usual ones. */
export type OwnWords = (mistake: SchemaMistake, usual: SchemaMessage) => SchemaMessage | undefined;

function messageOf(error: ErrorObject, path: Path, ownWords: OwnWords): SchemaMessage {
  const usual = describe(error);
  const missingKey = parameter(error, "missingProperty");
  const mistake = {
    path,
    keyword: error.keyword,
    value: error.data,
    ...(typeof missingKey === "string" ? { missing: missingKey } : {}),
  };
  return ownWords(mistake, usual) ?? usual;
}

function toFinding(error: ErrorObject, source: DocumentSource, ownWords: OwnWords): Finding {
  const path = pathOf(error.instancePath);
  const { rule, message, hint, key } = messageOf(error, path, ownWords);
  const full = key === undefined ? path : [...path, key];
  const where = full.length === 0 ? "the top level" : full.join(".");
  return {
    rule,
    message: `${where}: ${message}`,
    path: full.join("."),
    position: source.positionOf(full),
    ...(hint === undefined ? {} : { hint }),
  };
}

/** Either the typed document or all findings. */
export type Checked<T> = { readonly document: T } | { readonly findings: readonly Finding[] };

/** Makes the check of parsed files against a schema. */
export function schemaCheck<T>(
  schema: object,
  ownWords: OwnWords = () => undefined,
): (source: DocumentSource) => Checked<T> {
  // TypeBox marks its schemas with keys of its own; what is published and checked is plain JSON Schema.
  const validate = ajv.compile<T>(JSON.parse(JSON.stringify(schema)) as object);
  return (source) => {
    if (validate(source.value)) return { document: source.value };
    const errors = withoutUnionNoise(validate.errors ?? []);
    return { findings: errors.map((error) => toFinding(error, source, ownWords)) };
  };
}
