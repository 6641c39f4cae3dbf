import { readlink, realpath, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { type WriteRefusal, writeError, writeWhole } from "./write-whole.ts";

/** What a name that a person gave for a result leads to. */
export interface OutputTarget {
  /** The file itself: behind a symbolic link, what it points to. */
  readonly path: string;
  /** True for a device, a pipe or a socket: it is written to, never replaced. */
  readonly special: boolean;
}

/** Follows symbolic links, as a shell's redirection does; also one whose end is not there yet. */
export async function outputTarget(file: string): Promise<OutputTarget> {
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() === true) return { path: await realpath(file), special: false };
  if (found !== undefined) return { path: file, special: !found.isDirectory() };
  const link = await readlink(file).catch(() => undefined);
  return { path: link === undefined ? file : path.resolve(path.dirname(file), link), special: false };
}

/**
 * Writes a result to where a person said: a file is either whole or not there, a device or pipe is written to.
 *
 * @throws TriptychError `disk-full`, or the code of the refusal.
 */
export async function writeOutput(
  file: string,
  data: Uint8Array | string,
  refusal: WriteRefusal,
): Promise<void> {
  const target = await outputTarget(file);
  if (!target.special) return writeWhole(target.path, data, refusal);
  try {
    await writeFile(file, data);
  } catch (reason) {
    throw writeError(reason, file, refusal);
  }
}
