import { lstatSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import path from "node:path";

/** Triton's python backend makes its folder here, whatever TMPDIR says. */
const PLACE = "/tmp";
const PREFIX = "python_env_";

/**
 * Removes the empty folders that the python backend of an embedded server has left: it makes one at its start for
 * packed environments, which this server has none of, and forgets it when it is ended while it loads. Only what is
 * ours, empty and no older than the server goes, and nothing while another server runs, whose folder it may be: a server
 * aborts where it misses its own. Synchronous, so that an exit hook can call it; never throws.
 *
 * @param since - when the server was started, ms since 1970
 */
export function removeEnvironmentFolders(since: number): void {
  try {
    // In this order: a server is there before its folder is.
    const folders = readdirSync(PLACE).filter((name) => name.startsWith(PREFIX));
    if (folders.length === 0 || isAnyServerRunning()) return;
    for (const name of folders) removeIfOurs(path.join(PLACE, name), since);
  } catch {
    // No such place: then nothing was left there.
  }
}

function isAnyServerRunning(): boolean {
  return readdirSync("/proc").some((pid) => /^\d+$/.test(pid) && isRunningServer(pid));
}

function isRunningServer(pid: string): boolean {
  try {
    const [, name, state = "X"] = /\((.*)\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
    return name === "tritonserver" && !"ZX".includes(state);
  } catch {
    return false; // it has ended meanwhile
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
