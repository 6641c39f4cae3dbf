import { readdirSync, rmSync } from "node:fs";
import path from "node:path";

const SHARED_MEMORY = "/dev/shm";

/**
 * The start of every shared-memory name of one server. It keeps Triton's own beginning, since later versions refuse
 * clients that ask for regions with exactly this one.
 */
export function sharedMemoryPrefix(serverId: string): string {
  return `triton_python_backend_shm_region_${serverId}_`;
}

/** Removes a server's shared memory. Synchronous, so that an exit hook can call it; never throws. */
export function removeSharedMemory(prefix: string): void {
  try {
    for (const name of readdirSync(SHARED_MEMORY)) {
      if (name.startsWith(prefix)) rmSync(path.join(SHARED_MEMORY, name), { force: true });
    }
  } catch {
    // No such folder (not Linux), or not ours to remove: then there is nothing that we left there.
  }
}
