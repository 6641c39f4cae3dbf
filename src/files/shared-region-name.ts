import { createHash, randomBytes } from "node:crypto";
import { readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { identityOf, lifeOf } from "./process-identity.ts";

/** Where Linux keeps shared memory: `shm_open("/name")` opens the file `name` here. */
export const SHARED_MEMORY_FOLDER = "/dev/shm";

const NAME = /^triptych-([0-9a-f]{8})-(\d+)-(\d+)-[0-9a-f]{16}$/;

/**
 * A name that nobody else has. It carries its process, so that a region whose process is gone can be told, also by
 * who only sees its name.
 */
export function newRegionName(): string {
  const { pid, startTime, host } = identityOf(process.pid);
  return `triptych-${hostMark(host)}-${pid}-${startTime ?? 0}-${randomBytes(8).toString("hex")}`;
}

/** True for the name of a region whose process is no more; false for all that cannot be known. */
export function isAbandoned(name: string): boolean {
  const [, mark, pid, startTime] = NAME.exec(name) ?? [];
  const { host } = identityOf(process.pid);
  // A container counts its processes apart, though it may share this machine's memory.
  if (mark !== hostMark(host)) return false;
  return lifeOf({ pid: Number(pid), startTime: Number(startTime), host }) === "dead";
}

/** Removes what processes left behind that ended without a chance to do so; returns the names. */
export function removeAbandonedRegions(): string[] {
  return regionFiles().filter((name) => {
    if (!isAbandoned(name)) return false;
    try {
      rmSync(path.join(SHARED_MEMORY_FOLDER, name));
      return true;
    } catch {
      // Another user's, or somebody else was quicker.
      return false;
    }
  });
}

function regionFiles(): string[] {
  try {
    return readdirSync(SHARED_MEMORY_FOLDER);
  } catch {
    return []; // not Linux
  }
}

function hostMark(host: string): string {
  return createHash("sha256").update(host).digest("hex").slice(0, 8);
}
