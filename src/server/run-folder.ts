import { randomBytes } from "node:crypto";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { identityOf, lifeOf, makeFolder, type ProcessIdentity } from "../files/index.ts";
import { runProgram } from "../process/index.ts";
import { writeFailure } from "./cache-folder.ts";
import { removeSharedMemory, sharedMemoryPrefix } from "./shared-memory.ts";

/** What we note of every server that we run, so that a later run can tidy up after one that was killed. */
interface ServerRecord {
  readonly owner: ProcessIdentity;
  /** The server's own name: its `--id`, its container, the middle of its shared-memory names. */
  readonly id: string;
  readonly kind: "embedded" | "container";
}

/** The folder of one running server. */
export interface RunFolder {
  readonly id: string;
  readonly folder: string;
  readonly logFile: string;
  /** Ends its entry; keeps the folder with its log where there is something to read in it. */
  close(keepLog: boolean): Promise<void>;
}

const RECORD = "server.json";
/** Logs of servers that failed are kept for a day. */
const KEEP_LOG_MS = 86_400_000;

const serversFolder = (cache: string): string => path.join(cache, "servers");

/**
 * Makes the folder of a new server under the cache.
 *
 * @throws TriptychError `cache-unwritable` or `disk-full`.
 */
export async function openRunFolder(cache: string, kind: ServerRecord["kind"]): Promise<RunFolder> {
  const id = `triptych-${randomBytes(6).toString("hex")}`;
  const folder = path.join(serversFolder(cache), id);
  const record: ServerRecord = { owner: identityOf(process.pid), id, kind };
  try {
    await makeFolder(folder);
    await writeFile(path.join(folder, RECORD), JSON.stringify(record));
  } catch (error) {
    throw writeFailure(folder, error);
  }
  const close = async (keepLog: boolean): Promise<void> => {
    await rm(keepLog ? path.join(folder, RECORD) : folder, { recursive: true, force: true });
  };
  return { id, folder, logFile: path.join(folder, "triton.log"), close };
}

async function readRecord(folder: string): Promise<ServerRecord | undefined> {
  try {
    return JSON.parse(await readFile(path.join(folder, RECORD), "utf8")) as ServerRecord;
  } catch {
    return undefined;
  }
}

/** Kills what is left of an embedded server: its programs carry its name on their command lines. */
async function killByName(id: string): Promise<void> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    const words = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
    const isTriton = /^triton(?:server|_python_backend_stub)$/.test(path.basename(words[0] ?? ""));
    if (isTriton && words.some((word) => word.includes(id))) process.kill(Number(pid), "SIGKILL");
  }
}

async function tidyAfter({ id, kind }: ServerRecord): Promise<void> {
  if (kind === "container") {
    await runProgram({ file: "docker", args: ["rm", "--force", id], timeoutMs: 30_000 }).catch(
      () => undefined,
    );
    return;
  }
  await killByName(id);
  removeSharedMemory(sharedMemoryPrefix(id));
}

async function sweepOne(folder: string): Promise<void> {
  const record = await readRecord(folder);
  if (record !== undefined) {
    if (lifeOf(record.owner) !== "dead") return;
    await tidyAfter(record);
    await rm(path.join(folder, RECORD), { force: true });
  }
  const { mtimeMs } = await stat(folder);
  if (Date.now() - mtimeMs > KEEP_LOG_MS) await rm(folder, { recursive: true, force: true });
}

/** Ends and removes what servers left whose owners were killed. Best effort: it never stands in a new server's way. */
export async function sweepDeadServers(cache: string): Promise<void> {
  const folder = serversFolder(cache);
  const names = await readdir(folder).catch(() => []);
  for (const name of names) await sweepOne(path.join(folder, name)).catch(() => undefined);
}
