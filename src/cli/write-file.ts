import { rm, rmdir, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { TriptychError } from "../errors/index.ts";
import {
  exists,
  makeFolder,
  outputTarget,
  partialName,
  type WriteRefusal,
  writeError,
  writeOutput,
} from "../files/index.ts";

const REFUSAL: WriteRefusal = { code: "output-unwritable", hint: "choose another place" };

/**
 * Writes a result file so that it is either whole or not there.
 *
 * @throws TriptychError `disk-full`, `output-unwritable`
 */
export function writeResult(path: string, data: Uint8Array | string): Promise<void> {
  return writeOutput(path, data, REFUSAL);
}

/**
 * Makes sure that no file of somebody's is written over. A device or a pipe is only written to.
 *
 * @throws TriptychError `output-exists`
 */
export async function refuseExisting(path: string): Promise<void> {
  const target = await outputTarget(path);
  if (target.special || !(await exists(target.path))) return;
  throw new TriptychError("output-exists", `${path} is there already`, {
    hint: "name another file, or write over it with --force",
  });
}

/**
 * Takes away a result of an earlier run. A device or a pipe holds none.
 *
 * @throws TriptychError `output-unwritable`
 */
export async function removeResult(path: string): Promise<void> {
  const target = await outputTarget(path);
  if (target.special) return;
  try {
    await rm(target.path, { force: true });
  } catch (reason) {
    throw writeFailure(reason, path);
  }
}

/** A failed write of a result, with what to do. */
export function writeFailure(reason: unknown, path: string): TriptychError {
  return writeError(reason, path, REFUSAL);
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/**
 * Makes sure that a result can be written, before minutes are spent on it.
 *
 * @throws TriptychError `disk-full`, `output-unwritable`
 */
export async function requireWritable(path: string): Promise<void> {
  if (path === "") throw new TriptychError(REFUSAL.code, "cannot write a file without a name");
  const target = await outputTarget(path);
  if (target.special) return;
  const probe = partialName(target.path);
  const ground = await nearestFolder(dirname(target.path));
  try {
    await makeFolder(dirname(target.path));
    await writeFile(probe, "", { flag: "wx" });
    if (await isFolder(path)) throw new TriptychError(REFUSAL.code, `cannot write ${path}: it is a folder`);
  } catch (reason) {
    throw writeFailure(reason, path);
  } finally {
    await rm(probe, { force: true }).catch(() => undefined);
    await removeEmpty(dirname(target.path), ground);
  }
}

async function nearestFolder(folder: string): Promise<string> {
  const above = dirname(folder);
  return above === folder || (await isFolder(folder)) ? folder : nearestFolder(above);
}

/** Takes back the folders that only a probe was made in: nothing is to stay of a command that is interrupted. */
async function removeEmpty(folder: string, ground: string): Promise<void> {
  if (folder === ground) return;
  const gone = await rmdir(folder).then(
    () => true,
    () => false,
  );
  if (gone) await removeEmpty(dirname(folder), ground);
}
