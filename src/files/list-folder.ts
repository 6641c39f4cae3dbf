import { type Dirent, opendirSync, readdirSync, realpathSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { systemErrorCode, TriptychError } from "../errors/index.ts";

/** More than any repository has; a folder with a million entries is to cost neither time nor memory. */
const MAX_ENTRIES = 10_000;

/** Bytes of a folder itself, beyond which it may have a million entries. */
const LARGE_FOLDER = 256 * 1024;

/** Something in a folder. */
export interface Entry {
  readonly name: string;
  /** What a link leads to, where it is one; `other` where that is nothing. */
  readonly kind: "file" | "folder" | "other";
  /** True where it is a link out of the tree, which is told and not followed. */
  readonly isOutside?: true;
  /** True where it is a link that leads nowhere, or in a circle. */
  readonly isBroken?: true;
}

/** The tree that is looked at, and whether links out of it are followed. */
export interface Tree {
  /** Its real path: links out of it lead elsewhere. */
  readonly root: string;
  readonly followLinks: boolean;
}

/** What is in a folder, as far as it was looked at. */
export interface Listing {
  readonly entries: ReadonlyMap<string, Entry>;
  /** True where there is more. */
  readonly isCut: boolean;
  /** Names that are no UTF-8, made printable. */
  readonly strange: readonly string[];
  /** System's code where the folder cannot be read, such as `EACCES`. */
  readonly failure?: string;
}

const NOTHING: Listing = { entries: new Map(), isCut: false, strange: [] };

/**
 * The tree below a folder.
 *
 * @param hint - What to name instead of what is no folder.
 * @throws TriptychError `usage` for what is no folder, or cannot be read.
 */
export function treeOf(folder: string, followLinks: boolean, hint: string): Tree {
  // The system takes an empty name for the current folder here, and for none when it lists it.
  if (folder === "") throw noFolder('""', "its name is empty", { hint });
  try {
    const root = realpathSync(folder);
    if (statSync(root).isDirectory()) return { root, followLinks };
  } catch (cause) {
    throw noFolder(folder, systemErrorCode(cause) ?? "unknown", { hint, cause });
  }
  throw noFolder(folder, "it is no folder", { hint });
}

function noFolder(
  folder: string,
  reason: string,
  more: { readonly hint: string; readonly cause?: unknown },
): TriptychError {
  return new TriptychError("usage", `cannot read ${folder}: ${reason}`, more);
}

/** Lists a folder without following links out of the tree; sorted by name. Never throws. */
export function listFolder(path: string, tree: Tree): Listing {
  try {
    return read(path, tree);
  } catch (reason) {
    return { ...NOTHING, failure: systemErrorCode(reason) ?? "unknown" };
  }
}

function read(path: string, tree: Tree): Listing {
  const found: Entry[] = [];
  const strange: string[] = [];
  const { entries, isCut } = statSync(path).size > LARGE_FOLDER ? firstOf(path) : allOf(path);
  for (const entry of entries) {
    if (entry.name.includes("\ufffd")) strange.push(entry.name);
    else found.push(entryOf(path, entry.name, kindOf(entry), tree));
  }
  found.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { entries: new Map(found.map((entry) => [entry.name, entry])), isCut, strange };
}

interface Listed {
  readonly entries: readonly Dirent[];
  readonly isCut: boolean;
}

/** In one go, which is quicker. */
function allOf(path: string): Listed {
  const entries = readdirSync(path, { withFileTypes: true });
  return { entries: entries.slice(0, MAX_ENTRIES), isCut: entries.length > MAX_ENTRIES };
}

/** One by one, so that no more is in memory than is looked at. */
function firstOf(path: string): Listed {
  const entries: Dirent[] = [];
  const folder = opendirSync(path, { bufferSize: 256 });
  try {
    for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) {
      if (entries.length >= MAX_ENTRIES) return { entries, isCut: true };
      entries.push(entry);
    }
    return { entries, isCut: false };
  } finally {
    folder.closeSync();
  }
}

interface Kinded {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

function kindOf(found: Kinded): Entry["kind"] | "link" {
  if (found.isFile()) return "file";
  if (found.isDirectory()) return "folder";
  return found.isSymbolicLink() ? "link" : "other";
}

function entryOf(folder: string, name: string, kind: Entry["kind"] | "link", tree: Tree): Entry {
  if (kind !== "link") return { name, kind };
  const path = join(folder, name);
  const target = tryTo(() => realpathSync(path));
  if (target === undefined) return { name, kind: "other", isBroken: true };
  const found = tryTo(() => statSync(path));
  const seen = found === undefined ? "other" : kindOf(found);
  const isInside = tree.followLinks || target === tree.root || target.startsWith(tree.root + sep);
  return { name, kind: seen === "link" ? "other" : seen, ...(isInside ? {} : { isOutside: true }) };
}

function tryTo<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
