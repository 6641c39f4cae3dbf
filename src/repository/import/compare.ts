import { posix } from "node:path";
import type { Listing } from "../../files/index.ts";
import type { Files } from "../render.ts";
import { textLosses } from "./compare-text.ts";
import { type ImportLoss, LOST } from "./loss.ts";
import type { FolderReader } from "./reader.ts";

/** Differences of one file that are told one by one: a schedule may have thousands. */
const MAX_OF_A_FILE = 20;

/** What Python leaves beside the modules that it has run. */
const CACHE = "__pycache__";

/**
 * Everything in a folder that is not what a rendering of the spec is; empty where they are the same, byte for byte.
 *
 * @param weights - Paths of the files that are linked in, which are not looked at.
 */
export function lossesOf(files: Files, weights: readonly string[], reader: FolderReader): ImportLoss[] {
  const known = new Set([...files.keys(), ...weights]);
  return [
    ...[...files].flatMap(([path, text]) => cut(fileLosses(path, text, reader))),
    ...extras(".", known, reader),
  ].sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0));
}

function fileLosses(file: string, expected: string, reader: FolderReader): ImportLoss[] {
  const found = reader.text(file);
  if (found.kind === "text") return textLosses({ file, expected, got: found.text });
  if (found.kind === "missing") return [{ file, expected: "a file", got: "nothing", lost: LOST.missing }];
  return [{ file, expected: "a file", got: found.reason, lost: LOST.unread }];
}

function cut(losses: readonly ImportLoss[]): readonly ImportLoss[] {
  const [last] = losses.slice(-1);
  if (last === undefined || losses.length <= MAX_OF_A_FILE) return losses;
  const more = losses.length - MAX_OF_A_FILE;
  const rest = { file: last.file, expected: "the same", got: `${more} more differences`, lost: LOST.value };
  return [...losses.slice(0, MAX_OF_A_FILE), rest];
}

/** Files and folders that the spec does not lead to; of a folder without any other, only the folder. */
function* extras(folder: string, known: ReadonlySet<string>, reader: FolderReader): Generator<ImportLoss> {
  const listing = reader.list(folder);
  for (const got of unlisted(listing))
    yield { file: folder, expected: "nothing else", got, lost: LOST.unread };
  for (const { name, kind, isOutside } of listing.entries.values()) {
    const path = posix.join(folder, name);
    if (known.has(path) || name === CACHE) continue;
    const leads = [...known].some((other) => other.startsWith(`${path}/`));
    if (!leads) yield { file: path, expected: "nothing", got: kindText(kind), lost: LOST.extra };
    // Of a link to elsewhere, each file that should be below it was told.
    else if (kind === "folder" && isOutside !== true) yield* extras(path, known, reader);
  }
}

/** What is in a folder and was not looked at. */
function unlisted({ failure, isCut, strange }: Listing): string[] {
  return [
    ...(failure === undefined ? [] : [`a folder that cannot be read: ${failure}`]),
    ...(isCut ? ["more than 10,000 entries"] : []),
    ...strange.map((name) => `${name}, whose name is not UTF-8`),
  ];
}

function kindText(kind: string): string {
  return kind === "other" ? "something that is neither file nor folder" : `a ${kind}`;
}
