import { randomUUID } from "node:crypto";
import { readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { pause, systemErrorCode, throwIfCancelled } from "../errors/index.ts";
import { identityOf, lifeOf, type ProcessIdentity } from "./process-identity.ts";
import { isDiskFull } from "./write-whole.ts";

export interface LockOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called once when somebody else holds the lock. */
  readonly onWait?: (() => void) | undefined;
  readonly pollMs?: number | undefined;
  /** Age in milliseconds at which a lock without a sign of life counts as left behind (default 60000). */
  readonly staleMs?: number | undefined;
}

const STALE_MS = 60_000;
const SETTLE_MS = 50;

async function take(file: string, content: string): Promise<boolean> {
  try {
    await writeFile(file, content, { flag: "wx" });
    return true;
  } catch (error) {
    if (systemErrorCode(error) === "EEXIST") return false;
    // It was made and could not be written: nobody would know whose it is.
    if (isDiskFull(error)) await rm(file, { force: true });
    throw error;
  }
}

function parseOwner(text: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(text) as ProcessIdentity;
  } catch {
    // Its owner is just writing it, or died while it did; its age will tell.
    return undefined;
  }
}

async function isStale(file: string, staleMs: number): Promise<boolean> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(file, "utf8"), stat(file)]);
    const owner = parseOwner(text);
    const life = owner === undefined ? "unknown" : lifeOf(owner);
    return life === "dead" || (life === "unknown" && Date.now() - mtimeMs > staleMs);
  } catch (error) {
    // Given back in the meantime: not stale, but free.
    if (systemErrorCode(error) === "ENOENT") return false;
    throw error;
  }
}

/** Takes a free lock, or one that was left behind; false where somebody else has it. */
async function tryOnce(file: string, staleMs: number): Promise<boolean> {
  const content = JSON.stringify({ ...identityOf(process.pid), token: randomUUID() });
  if (await isStale(file, staleMs)) await rm(file, { force: true });
  if (!(await take(file, content))) return false;
  // Somebody may have judged the old lock stale when we did, and removed ours for it; the later one keeps it then.
  await pause(SETTLE_MS, undefined);
  return (await readFile(file, "utf8").catch(() => "")) === content;
}

async function acquire(file: string, options: LockOptions): Promise<void> {
  let waited = false;
  while (!(await tryOnce(file, options.staleMs ?? STALE_MS))) {
    if (!waited) options.onWait?.();
    waited = true;
    await pause(options.pollMs ?? 250, options.signal);
    throwIfCancelled(options.signal, "waiting for another Triptych");
  }
}

/**
 * Does something while holding a lock file. It spares double work between processes. On a disk that machines share it
 * is no proof against two at once, so the work should end in one atomic step all the same.
 */
export async function withLock<T>(file: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  await acquire(file, options);
  const beat = setInterval(
    () => {
      const now = new Date();
      // A beat that fails only makes the lock look older than it is.
      utimes(file, now, now).catch(() => undefined);
    },
    (options.staleMs ?? STALE_MS) / 6,
  );
  try {
    return await work();
  } finally {
    clearInterval(beat);
    await rm(file, { force: true });
  }
}
