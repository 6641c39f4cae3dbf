import { randomUUID } from "node:crypto";
import { chmod, chown, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { type ErrorCode, isTriptychError, systemErrorCode, TriptychError } from "../errors/index.ts";
import { makeFolder } from "./make-folder.ts";

/** How a failure to write is told: the code for all but a full disk, and what to do. */
export interface WriteRefusal {
  readonly code: ErrorCode;
  readonly hint: string;
}

/** True for the system's word that a disk or a quota is full. */
export function isDiskFull(reason: unknown): boolean {
  return ["ENOSPC", "EDQUOT"].includes(systemErrorCode(reason) ?? "");
}

/** Turns a failed write into an error that names the file and the mend. */
export function writeError(reason: unknown, file: string, refusal: WriteRefusal): TriptychError {
  if (isTriptychError(reason)) return reason;
  if (isDiskFull(reason)) {
    const hint = "free some space and run the command again; nothing half-written was left behind";
    return new TriptychError("disk-full", `no space left to write ${file}`, { cause: reason, hint });
  }
  const why = systemErrorCode(reason) ?? String(reason);
  return new TriptychError(refusal.code, `cannot write ${file}: ${why}`, {
    cause: reason,
    hint: refusal.hint,
  });
}

/** What is written over a file is for the same people: there may be secrets in it. */
async function keepAccess(file: string, partial: string): Promise<void> {
  const before = await stat(file).catch(() => undefined);
  if (before?.isFile() !== true) return;
  // Only root may give files away; for others they were theirs, or in a folder that is.
  await chown(partial, before.uid, before.gid).catch(() => undefined);
  await chmod(partial, before.mode & 0o7777);
}

/** A name beside a file for what is not finished yet. */
export function partialName(file: string): string {
  return `${file}.${randomUUID()}.partial`;
}

/**
 * Writes a file, and the folders above it, so that it is either whole or not there: it is written under another name
 * and renamed. One that was there keeps who may read it.
 *
 * @throws TriptychError `disk-full`, or the code of the refusal.
 */
export async function writeWhole(
  file: string,
  data: Uint8Array | string,
  refusal: WriteRefusal,
): Promise<void> {
  const partial = partialName(file);
  try {
    await makeFolder(path.dirname(file));
    await writeFile(partial, data, { flag: "wx" });
    await keepAccess(file, partial);
    await rename(partial, file);
  } catch (reason) {
    await rm(partial, { force: true }).catch(() => undefined);
    throw writeError(reason, file, refusal);
  }
}
