import { randomUUID } from "node:crypto";
import { access, rm, statfs, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { systemErrorCode, TriptychError, toTriptychError } from "../errors/index.ts";
import { isDiskFull, makeFolder } from "../files/index.ts";

/** The folder that Triptych keeps between runs. */
export function cacheFolder(chosen: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
  const { TRIPTYCH_CACHE: own, XDG_CACHE_HOME: shared } = env;
  if (chosen !== undefined && chosen !== "") return path.resolve(chosen);
  if (own !== undefined && own !== "") return path.resolve(own);
  // The XDG standard says that a relative path there is to be ignored.
  if (shared !== undefined && path.isAbsolute(shared)) return path.join(shared, "triptych");
  return path.join(homedir(), ".cache", "triptych");
}

/** Turns a failure to write under a folder into an error that names the folder and the mend. */
export function writeFailure(folder: string, error: unknown): TriptychError {
  if (error instanceof TriptychError) return error;
  const reason = systemErrorCode(error);
  // Only what the system said; anything else is a mistake of ours.
  if (reason === undefined || reason.startsWith("ERR_")) return toTriptychError(error);
  if (isDiskFull(error)) return diskFull(folder, error);
  return new TriptychError("cache-unwritable", `${folder} cannot be written: ${reason}`, {
    hint: "Make it writable, or choose another folder with the environment variable TRIPTYCH_CACHE.",
    cause: error,
  });
}

export function diskFull(folder: string, cause?: unknown, need = ""): TriptychError {
  return new TriptychError("disk-full", `The disk of ${folder} is full${need}`, {
    hint: "Free some space, or choose a folder on another disk with the environment variable TRIPTYCH_CACHE.",
    cause,
  });
}

/** The folder itself, or the nearest above it that is there. */
async function nearestExisting(folder: string): Promise<string> {
  const parent = path.dirname(folder);
  const isThere = await access(folder).then(
    () => true,
    () => false,
  );
  return isThere || parent === folder ? folder : nearestExisting(parent);
}

/** Bytes that may be written under a folder, which need not be there yet. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(await nearestExisting(folder));
  return bavail * bsize;
}

/**
 * Makes a folder under the cache and proves that it can be written.
 *
 * @throws TriptychError `cache-unwritable` or `disk-full`.
 */
export async function makeWritable(folder: string): Promise<void> {
  const probe = path.join(folder, `.probe-${randomUUID()}`);
  try {
    await makeFolder(folder);
    await writeFile(probe, "");
    await rm(probe);
  } catch (error) {
    throw writeFailure(folder, error);
  }
}
