import type { Dirent } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { systemErrorCode } from "../../errors/index.ts";
import { fileSha256, textSha256, writeWhole } from "../../files/index.ts";
import { type Placed, REFUSAL } from "./place.ts";

/** One file of something on disk. */
export interface DigestedFile {
  /** Path below the folder, or what follows the name of the file: empty, or `.data`. */
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Something on disk with what it holds. */
export interface Digested {
  /** SHA-256 over names and digests of all its files. */
  readonly digest: string;
  readonly files: readonly DigestedFile[];
}

/** Bytes of several files together. */
export function bytesOf(files: readonly Pick<DigestedFile, "bytes">[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** A digest holds for as long as these stay. */
interface Known {
  readonly bytes: number;
  /** Nanoseconds, as text: they pass 2^53. */
  readonly modified: string;
  readonly inode: string;
  readonly sha256: string;
}

/** Files that tell of others. */
function isOwn(name: string): boolean {
  return (
    /\.(passport\.json|begun|log|lock|partial)$/.test(name) ||
    name.split("/").some((part) => part.startsWith("."))
  );
}

/** The digest of several files; their order does not count. */
function digestOf(files: readonly DigestedFile[]): string {
  const rows = files.map(({ name, sha256 }) => [name, sha256]).sort(([a = ""], [b = ""]) => (a < b ? -1 : 1));
  return textSha256(JSON.stringify(rows));
}

async function absentIsUndefined<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP"].includes(systemErrorCode(error) ?? "")) return undefined;
    throw error;
  }
}

function parseKnown(text: string | undefined): Map<string, Known> {
  try {
    return new Map(Object.entries(JSON.parse(text ?? "{}") as Record<string, Known>));
  } catch {
    // Only a memory: without it files are read once more.
    return new Map();
  }
}

/** Digests of files, remembered between runs for as long as size, time and inode of a file stay. */
export class Digests {
  readonly #file: string;
  readonly #known: Map<string, Known>;
  readonly #onRead: (file: string, bytes: number) => void;
  #changed = false;

  private constructor(
    file: string,
    known: Map<string, Known>,
    onRead: (file: string, bytes: number) => void,
  ) {
    this.#file = file;
    this.#known = known;
    this.#onRead = onRead;
  }

  /**
   * Opens the memory of a checkpoint folder.
   *
   * @param onRead - called before a file is read to the end
   */
  static async open(
    checkpoint: string,
    onRead: (file: string, bytes: number) => void = () => undefined,
  ): Promise<Digests> {
    const file = join(checkpoint, ".digests.json");
    const text = await readFile(file, "utf8").catch(() => undefined);
    return new Digests(file, parseKnown(text), onRead);
  }

  /** Everything that stands under a path; `undefined` where nothing does. */
  async of({ path, form }: Placed, signal?: AbortSignal): Promise<Digested | undefined> {
    const names = form === "folder" ? await this.#below(path) : ["", ...(form === "onnx" ? [".data"] : [])];
    const files: DigestedFile[] = [];
    for (const name of names) {
      const file = form === "folder" ? join(path, name) : `${path}${name}`;
      const found = await this.#ofFile(file, signal);
      if (found !== undefined) files.push({ name, ...found });
    }
    const [first] = files;
    if (first === undefined || (form !== "folder" && first.name !== "")) return undefined;
    return { digest: digestOf(files), files };
  }

  /** Writes down what was learnt, where that is possible: a folder that cannot be written to can still be looked at. */
  async remember(): Promise<void> {
    if (!this.#changed) return;
    this.#changed = false;
    await this.#write().catch(() => undefined);
  }

  async #write(): Promise<void> {
    // Looking makes no folder.
    await stat(dirname(this.#file));
    await writeWhole(this.#file, `${JSON.stringify(Object.fromEntries(this.#known))}\n`, REFUSAL);
  }

  async #below(folder: string): Promise<string[]> {
    const entries = await absentIsUndefined<Dirent[]>(
      readdir(folder, { withFileTypes: true, recursive: true }),
    );
    return (entries ?? [])
      .filter((entry) => !entry.isDirectory())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
      .filter((name) => !isOwn(name))
      .sort();
  }

  async #ofFile(file: string, signal?: AbortSignal): Promise<Omit<DigestedFile, "name"> | undefined> {
    const found = await absentIsUndefined(stat(file, { bigint: true }));
    if (found?.isFile() !== true) return undefined;
    const now = { bytes: Number(found.size), modified: String(found.mtimeNs), inode: String(found.ino) };
    const known = this.#known.get(file);
    if (known?.bytes === now.bytes && known.modified === now.modified && known.inode === now.inode)
      return { bytes: now.bytes, sha256: known.sha256 };
    this.#onRead(file, now.bytes);
    const sha256 = await fileSha256(file, signal);
    this.#known.set(file, { ...now, sha256 });
    this.#changed = true;
    return { bytes: now.bytes, sha256 };
  }
}
