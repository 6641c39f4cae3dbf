import { isTriptychError, toTriptychError } from "../errors/index.ts";
import { isProgramMissing, runProgram } from "../process/index.ts";
import { cacheFolder, freeBytes, makeWritable } from "./cache-folder.ts";
import { requireDocker } from "./container/start.ts";
import { findInterpreter } from "./embedded/python.ts";
import type { EnvironmentOptions } from "./types.ts";

/** One thing that a server needs of this machine. */
export interface Diagnosis {
  readonly name: "python" | "cache" | "disk" | "shared-memory" | "docker" | "gpu";
  readonly ok: boolean;
  readonly message: string;
  /** What to do where it is not ok. */
  readonly hint?: string | undefined;
  /** The kinds of server that need it. */
  readonly neededBy: readonly ("embedded" | "container")[];
}

type Verdict = Pick<Diagnosis, "ok" | "message" | "hint">;
/** Where to look, and when to stop. */
type DiagnoseOptions = Pick<EnvironmentOptions, "cacheDir" | "python" | "signal">;
type Check = (options: DiagnoseOptions) => Promise<Verdict>;

/** What the environment takes when it is made for the first time. */
const ENOUGH_DISK = 600e6;
/** Python models pass tensors through it; docker gives its containers 64 MB, which one decoded clip fills. */
const ENOUGH_SHARED_MEMORY = 256 * 2 ** 20;

const size = (bytes: number): string =>
  bytes < 1e9 ? `${(bytes / 1e6).toFixed(0)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;

async function checkSpace(folder: string, need: number, hint: string): Promise<Verdict> {
  const free = await freeBytes(folder);
  const message = `${folder} has ${size(free)} free`;
  return free >= need
    ? { ok: true, message }
    : { ok: false, message: `${message}, ${size(need)} are needed`, hint };
}

const checkPython: Check = async ({ python, signal }) => {
  const { file, facts, libpython } = await findInterpreter(python, signal);
  return {
    ok: true,
    message: `${file} is Python ${facts.version.join(".")} with venv; its library is ${libpython}`,
  };
};

const checkCache: Check = async ({ cacheDir }) => {
  const folder = cacheFolder(cacheDir);
  await makeWritable(folder);
  return { ok: true, message: `${folder} is writable` };
};

const checkDisk: Check = async ({ cacheDir }) => {
  const folder = cacheFolder(cacheDir);
  return checkSpace(folder, ENOUGH_DISK, "Free some space, or choose another folder with TRIPTYCH_CACHE.");
};

const checkSharedMemory: Check = () =>
  checkSpace("/dev/shm", ENOUGH_SHARED_MEMORY, "In a container, raise it with docker's --shm-size=1g.");

const checkDocker: Check = async ({ signal }) => ({
  ok: true,
  message: `docker engine ${await requireDocker(signal)} answers`,
});

const checkGpu: Check = async ({ signal }) => {
  const args = ["--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"];
  try {
    const { stdout } = await runProgram({ file: "nvidia-smi", args, signal, timeoutMs: 20_000 });
    return { ok: true, message: stdout.trim().split("\n").join("; ") };
  } catch (error) {
    if (isTriptychError(error, "cancelled") || !isProgramMissing(error)) throw error;
    const hint = "For TensorRT engines, install NVIDIA's driver; the embedded server needs no GPU.";
    return { ok: false, message: "No nvidia-smi on PATH, so no NVIDIA GPU driver", hint };
  }
};

const CHECKS: readonly (Pick<Diagnosis, "name" | "neededBy"> & { readonly check: Check })[] = [
  { name: "python", neededBy: ["embedded"], check: checkPython },
  { name: "cache", neededBy: ["embedded", "container"], check: checkCache },
  { name: "disk", neededBy: ["embedded"], check: checkDisk },
  { name: "shared-memory", neededBy: ["embedded"], check: checkSharedMemory },
  { name: "docker", neededBy: ["container"], check: checkDocker },
  { name: "gpu", neededBy: ["container"], check: checkGpu },
];

function asVerdict(error: unknown): Verdict {
  if (isTriptychError(error, "cancelled")) throw error;
  const { message, hint } = toTriptychError(error);
  return { ok: false, message, hint };
}

/**
 * Looks at what this machine offers to each kind of server. A fault is an answer, not an error.
 *
 * @throws TriptychError `cancelled`.
 *
 * @example
 * ```ts
 * import { diagnose } from "triptych-sdk";
 *
 * for (const { name, ok, message } of await diagnose()) console.log(ok ? "ok" : "lacking", name, message);
 * ```
 */
export function diagnose(options: DiagnoseOptions = {}): Promise<Diagnosis[]> {
  return Promise.all(
    CHECKS.map(async ({ name, neededBy, check }) => ({
      name,
      neededBy,
      ...(await check(options).catch(asVerdict)),
    })),
  );
}
