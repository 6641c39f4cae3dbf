import { LineCounter, parseDocument } from "yaml";
import { type ErrorCode, type Finding, type Position, TriptychError } from "../errors/index.ts";

/** A parsed YAML file that can tell where each of its values stands. */
export interface DocumentSource {
  readonly file: string;
  readonly value: unknown;
  /** Position of the key (or else the value) at a path; of the nearest parent if there is none. */
  positionOf(path: readonly (string | number)[]): Position;
}

type Document = ReturnType<typeof parseDocument>;

interface Ranged {
  readonly range?: readonly [number, number, number] | null;
}

function isRanged(node: unknown): node is Ranged {
  return typeof node === "object" && node !== null && "range" in node;
}

interface MapLike {
  readonly items: readonly { readonly key: unknown }[];
}

function keyNode(parent: unknown, key: string | number): unknown {
  if (typeof parent !== "object" || parent === null || !("items" in parent)) return undefined;
  const items = (parent as MapLike).items;
  const found = items.find((item) => {
    const node: unknown = item.key;
    return typeof node === "object" && node !== null && "value" in node && node.value === key;
  });
  return found?.key;
}

function offsetOf(document: Document, path: readonly (string | number)[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parentPath = path.slice(0, length - 1);
    const last = path[length - 1];
    const parent: unknown = parentPath.length === 0 ? document.contents : document.getIn(parentPath, true);
    const node: unknown =
      (last === undefined ? undefined : keyNode(parent, last)) ?? document.getIn(path.slice(0, length), true);
    if (isRanged(node) && node.range) return node.range[0];
  }
  return isRanged(document.contents) && document.contents.range ? document.contents.range[0] : 0;
}

/** Where the library speaks to programmers. */
const MESSAGES: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: "the file has several YAML documents; one is expected",
};

function syntaxFindings(document: Document, file: string, lines: LineCounter): Finding[] {
  return [...document.errors, ...document.warnings].map((problem) => {
    const place = lines.linePos(problem.pos[0]);
    return {
      rule: problem.code.toLowerCase().replaceAll("_", "-"),
      message: MESSAGES[problem.code] ?? problem.message.split("\n")[0] ?? problem.message,
      position: { file, line: place.line, column: place.col },
    };
  });
}

/**
 * Reads YAML text, keeping positions.
 *
 * @param code - Of the error for text that is none.
 * @throws TriptychError of that code with all syntax findings.
 */
export function readSource(text: string, file: string, code: ErrorCode): DocumentSource {
  const lines = new LineCounter();
  // Aliases are refused: a few lines of them could expand to gigabytes.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const findings = syntaxFindings(document, file, lines);
  if (findings.length > 0) {
    throw new TriptychError(code, `${file} is not valid YAML`, { details: { findings } });
  }
  const positionOf = (path: readonly (string | number)[]): Position => {
    const place = lines.linePos(offsetOf(document, path));
    return { file, line: place.line, column: place.col };
  };
  return { file, value: toPlain(document, file, code), positionOf };
}

function toPlain(document: Document, file: string, code: ErrorCode): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch (cause) {
    const message = `${file} uses a YAML alias, which it may not; write the value out`;
    throw new TriptychError(code, message, { cause });
  }
}
