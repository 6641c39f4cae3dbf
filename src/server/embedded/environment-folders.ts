import { lstatSync, readdirSync, rmdirSync } from "node:fs";
import path from "node:path";

/** Triton's python backend makes its folder here, whatever TMPDIR says. */
const PLACE = "/tmp";
const PREFIX = "python_env_";

/**
 * Removes the empty folders that the python backend of an embedded server has left: it makes one at its start for
 * packed environments, which this server has none of, and forgets it when it is ended while it loads. Only what is
 * ours, empty and no older than the server goes. Synchronous, so that an exit hook can call it; never throws.
 *
 * @param since - when the server was started, ms since 1970
 */
export function removeEnvironmentFolders(since: number): void {
  try {
    for (const name of readdirSync(PLACE))
      if (name.startsWith(PREFIX)) removeIfOurs(path.join(PLACE, name), since);
  } catch {
    // No such place: then nothing was left there.
  }
}

function removeIfOurs(folder: string, since: number): void {
  try {
    const found = lstatSync(folder);
    if (!found.isDirectory() || found.uid !== process.getuid?.() || found.ctimeMs < since) return;
    rmdirSync(folder);
  } catch {
    // Not empty, or gone: not ours to remove.
  }
}
