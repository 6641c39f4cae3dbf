import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { systemErrorCode, TriptychError } from "../errors/index.ts";
import { type Drift, diffRepository } from "./drift.ts";
import type { Files } from "./render.ts";
import { MANIFEST } from "./render.ts";

/** Turns a failed write into an error that says what to do. */
export function writeError(reason: unknown, path: string): TriptychError {
  const code = systemErrorCode(reason);
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new TriptychError("disk-full", `no space left to write ${path}`, {
      cause: reason,
      hint: "free some space and run the command again; nothing half-written was left behind",
    });
  }
  return new TriptychError("repository-write", `cannot write ${path}: ${code ?? String(reason)}`, {
    cause: reason,
    hint: "check that the folder exists and is yours to write",
  });
}

/** Writes a file so that it is either whole or not there. */
async function writeWhole(path: string, text: string): Promise<void> {
  const partial = `${path}.${process.pid}.partial`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(partial, text);
    await rename(partial, path);
  } catch (reason) {
    await rm(partial, { force: true }).catch(() => undefined);
    throw writeError(reason, path);
  }
}

async function settle(folder: string, files: Files, drift: Drift): Promise<void> {
  const path = join(folder, drift.path);
  if (drift.kind === "stale") await rm(path, { force: true });
  else await writeWhole(path, files.get(drift.path) ?? "");
}

/**
 * Makes a folder equal to the rendered repository: writes what differs, removes what an earlier rendering left.
 * Files that Triptych did not generate are left alone.
 *
 * @returns what was changed
 * @throws TriptychError `disk-full`, `repository-write`
 */
export async function writeRepository(files: Files, folder: string): Promise<Drift[]> {
  const drifts = await diffRepository(files, folder);
  // The manifest goes last: until it is there, the earlier list still names every file to clean up.
  const ordered = [
    ...drifts.filter(({ path }) => path !== MANIFEST),
    ...drifts.filter(({ path }) => path === MANIFEST),
  ];
  for (const drift of ordered) await settle(folder, files, drift);
  return drifts;
}
