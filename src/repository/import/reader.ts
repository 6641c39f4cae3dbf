import { join, posix } from "node:path";
import { type Entry, type Listing, listFolder, readSmallFile, type Tree } from "../../files/index.ts";

/** More than any generated file has: schedules of many steps are the largest. */
const MAX_BYTES = 32 * 1024 * 1024;

/** What a file holds, or why that cannot be told. */
export type FoundText =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "missing" }
  | { readonly kind: "unread"; readonly reason: string };

/** Reads below a folder by paths with `/`, each folder of them listed once; no link out of the tree is followed. */
export class FolderReader {
  readonly #folder: string;
  readonly #tree: Tree;
  readonly #listings = new Map<string, Listing>();

  constructor(folder: string, tree: Tree) {
    this.#folder = folder;
    this.#tree = tree;
  }

  list(path: string): Listing {
    const listing = this.#listings.get(path) ?? listFolder(join(this.#folder, path), this.#tree);
    this.#listings.set(path, listing);
    return listing;
  }

  text(path: string): FoundText {
    const entry = this.#entry(path);
    if (entry === undefined) return { kind: "missing" };
    if (entry.isOutside === true) return { kind: "unread", reason: "a link out of the folder" };
    const found = readSmallFile(join(this.#folder, path), MAX_BYTES);
    if (!("bytes" in found)) return { kind: "unread", reason: found.detail };
    try {
      const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(found.bytes);
      return { kind: "text", text };
    } catch {
      return { kind: "unread", reason: "bytes that are not UTF-8" };
    }
  }

  /** What JSON a file holds; undefined where it holds none. */
  json(path: string): unknown {
    const found = this.text(path);
    if (found.kind !== "text") return undefined;
    try {
      return JSON.parse(found.text);
    } catch {
      return undefined;
    }
  }

  /** The entry of a path, or the link out of the tree that stands in its way. */
  #entry(path: string): Entry | undefined {
    const above = posix.dirname(path);
    const parent = above === "." ? undefined : this.#entry(above);
    if (above !== "." && parent?.kind !== "folder") return undefined;
    if (parent?.isOutside === true) return parent;
    return this.list(above).entries.get(posix.basename(path));
  }
}
