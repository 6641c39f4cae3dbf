import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { systemErrorCode, TriptychError } from "../errors/index.ts";

/**
 * Writes a result file so that it is either whole or not there.
 *
 * @throws TriptychError `disk-full`, `output-unwritable`
 */
export async function writeResult(path: string, data: Uint8Array | string): Promise<void> {
  const partial = `${path}.${process.pid}.partial`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(partial, data);
    await rename(partial, path);
  } catch (reason) {
    await rm(partial, { force: true }).catch(() => undefined);
    const full = systemErrorCode(reason) === "ENOSPC";
    const message = `cannot write ${path}: ${systemErrorCode(reason) ?? String(reason)}`;
    throw new TriptychError(full ? "disk-full" : "output-unwritable", message, {
      cause: reason,
      hint: full ? "free some space" : "choose another place with --out",
    });
  }
}
