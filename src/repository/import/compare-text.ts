import { diffModelConfigs, inspectModelConfig, printModelConfigMessage } from "../../model-config/index.ts";
import { HEADER } from "../render.ts";
import { type ImportLoss, LOST, placed, short } from "./loss.ts";

/** A file as the spec leads to it, and as it is there. */
interface Sides {
  readonly file: string;
  readonly expected: string;
  readonly got: string;
}

/** What two texts of a file do not have in common, field by field where its form is known. */
export function textLosses(sides: Sides): ImportLoss[] {
  if (sides.expected === sides.got) return [];
  if (sides.file.endsWith("config.pbtxt")) return configLosses(sides);
  if (sides.file.endsWith(".json")) return jsonLosses(sides);
  return [lineLoss(sides, LOST.text)];
}

function configLosses({ file, expected, got }: Sides): ImportLoss[] {
  const [planned, found] = [expected, got].map((text) => inspectModelConfig(text, file));
  if (planned === undefined || found === undefined) return [];
  const values = diffModelConfigs(planned.message, found.message).map(
    ({ path, expected: one = "nothing", got: other = "nothing" }) => ({
      file,
      ...placed(found.positionOf(path)),
      field: path,
      expected: short(one),
      got: short(other),
      lost: LOST.value,
    }),
  );
  // Our own writing of what is there: what differs from it is no value.
  const plain = printModelConfigMessage(found.message, { header: HEADER });
  return plain === got ? values : [...values, lineLoss({ file, expected: plain, got }, LOST.writing)];
}

function jsonLosses(sides: Sides): ImportLoss[] {
  const [planned, found] = [parsed(sides.expected), parsed(sides.got)];
  if (found === undefined) return [lineLoss(sides, LOST.text)];
  const values = [...jsonDifferences(planned, found, "", sides.file)];
  return values.length === 0 ? [lineLoss(sides, LOST.writing)] : values;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function* jsonDifferences(one: unknown, other: unknown, field: string, file: string): Generator<ImportLoss> {
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) {
    if (Object.is(one, other)) return;
    yield { file, field, expected: shown(one), got: shown(other), lost: LOST.value };
    return;
  }
  const lists = [namedItems(one), namedItems(other)] as const;
  if (lists[0] !== undefined && lists[1] !== undefined) {
    yield* namedDifferences(lists[0], lists[1], field, file);
    return;
  }
  const [expected, got] = [one, other] as [Fields, Fields];
  for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const place = Array.isArray(other) ? `${field}[${key}]` : field === "" ? key : `${field}.${key}`;
    yield* jsonDifferences(ownOf(expected, key), ownOf(got, key), place, file);
  }
}

type Fields = Readonly<Record<string, unknown>>;
type Named = ReadonlyMap<string, unknown>;

/** A list of names, or of what has a path, by these; undefined where it is another one, or has one twice. */
function namedItems(list: unknown): Named | undefined {
  if (!Array.isArray(list)) return undefined;
  const items = new Map(list.map((item: unknown) => [nameOf(item), item]));
  return items.size === list.length && !items.has(undefined) ? (items as Named) : undefined;
}

function nameOf(item: unknown): string | undefined {
  if (typeof item === "string") return item;
  const path = typeof item === "object" && item !== null ? ownOf(item as Fields, "path") : undefined;
  return typeof path === "string" ? path : undefined;
}

/** What came and what went: counted through, one that went would change the place of all behind it. */
function* namedDifferences(planned: Named, found: Named, field: string, file: string): Generator<ImportLoss> {
  for (const name of new Set([...planned.keys(), ...found.keys()]))
    yield* jsonDifferences(planned.get(name), found.get(name), `${field}[${JSON.stringify(name)}]`, file);
}

function ownOf(fields: Fields, key: string): unknown {
  return Object.hasOwn(fields, key) ? fields[key] : undefined;
}

function shown(value: unknown): string {
  return value === undefined ? "nothing" : short(JSON.stringify(value));
}

/** The first line that differs. */
function lineLoss({ file, expected, got }: Sides, lost: string): ImportLoss {
  const [planned, found] = [expected.split("\n"), got.split("\n")];
  const index = found.findIndex((line, at) => line !== planned[at]);
  const at = index < 0 ? found.length : index;
  const lineOf = (lines: readonly string[]): string => {
    const line = lines[at];
    return line === undefined ? "the end of the file" : short(JSON.stringify(line));
  };
  return { file, line: at + 1, column: 1, expected: lineOf(planned), got: lineOf(found), lost };
}
