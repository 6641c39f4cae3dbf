import { randomUUID } from "node:crypto";
import { chmod, copyFile, mkdir, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { isTriptychError, systemErrorCode, TriptychError } from "../../errors/index.ts";
import { type ProgramOptions, runProgram } from "../../process/index.ts";
import { diskFull, freeBytes, writeFailure } from "../cache-folder.ts";
import type { EnvironmentOptions } from "../types.ts";
import { assetPath } from "./asset.ts";
import { describe, findWhole } from "./layout.ts";
import { pipFailure } from "./pip-failure.ts";
import { pipProgress } from "./pip-progress.ts";
import { CLEAN_PYTHON, type Interpreter } from "./python.ts";
import { minorVersion } from "./python-facts.ts";

export interface InstallOptions extends Pick<EnvironmentOptions, "onProgress" | "signal"> {
  readonly root: string;
  readonly interpreter: Interpreter;
  /** Text of the lock file, for counting. */
  readonly requirements: string;
}

/** Bytes that are free before we begin: 420 MB for the result, 150 MB for pip's downloads meanwhile. */
const NEEDED_BYTES = 600e6;

/** What a rename onto a folder that is not empty answers. */
const OCCUPIED = new Set(["ENOTEMPTY", "EEXIST"]);

const PIP_FLAGS = [
  "--require-hashes",
  "--no-deps",
  "--only-binary=:all:",
  "--no-input",
  "--progress-bar=off",
];

async function requireSpace(folder: string): Promise<void> {
  const free = await freeBytes(folder);
  if (free >= NEEDED_BYTES) return;
  const megabytes = (bytes: number): string => `${String(Math.floor(bytes / 1e6))} MB`;
  throw diskFull(folder, undefined, `: ${megabytes(free)} are free, ${megabytes(NEEDED_BYTES)} are needed`);
}

async function createVenv(options: InstallOptions, staging: string): Promise<void> {
  options.onProgress?.({ step: "create", message: "Making a virtual environment" });
  const program: ProgramOptions = {
    file: options.interpreter.file,
    args: ["-I", "-m", "venv", staging],
    env: CLEAN_PYTHON,
    signal: options.signal,
  };
  await runProgram(program).catch((error: unknown) => {
    throw isTriptychError(error, "process-failed") ? pipFailure(error, staging) : error;
  });
}

async function installPackages(options: InstallOptions, staging: string): Promise<void> {
  // pip unpacks in its temporary folder, and /tmp is often small; here it has the cache's disk.
  const temporary = path.join(staging, "tmp");
  await mkdir(temporary);
  const program: ProgramOptions = {
    file: path.join(staging, "bin", "python"),
    args: ["-I", "-m", "pip", "install", ...PIP_FLAGS, "--requirement", assetPath("requirements.txt")],
    env: { ...CLEAN_PYTHON, TMPDIR: temporary, PIP_DISABLE_PIP_VERSION_CHECK: "1" },
    signal: options.signal,
    onLine: pipProgress(options.requirements, options.onProgress),
  };
  await runProgram(program).catch((error: unknown) => {
    throw isTriptychError(error) ? pipFailure(error, staging) : error;
  });
  await rm(temporary, { recursive: true, force: true });
}

/** Puts the stub of this Python's version where the server looks for it, and its libpython where the loader will. */
async function arrange({ interpreter, onProgress }: InstallOptions, staging: string): Promise<void> {
  onProgress?.({ step: "arrange", message: "Arranging the server" });
  const version = minorVersion(interpreter.facts);
  const { packages, backendDirectory, libraryFolder } = describe(staging, version);
  const stub = "triton_python_backend_stub";
  const target = path.join(backendDirectory, "python", stub);
  await copyFile(path.join(backendDirectory, "..", "python_backend_stubs", version, stub), target);
  await chmod(target, 0o755);
  await copyFile(assetPath("stub_site.py"), path.join(packages, "triptych_stub_site.py"));
  await writeFile(path.join(packages, "triptych.pth"), "import triptych_stub_site\n");
  await mkdir(libraryFolder);
  await symlink(interpreter.libpython, path.join(libraryFolder, `libpython${version}.so.1.0`));
}

/** Folders of earlier attempts that were killed; whoever calls this holds the lock, so nobody works in them. */
async function removeLeftovers(folder: string, prefix: string): Promise<void> {
  const names = await readdir(folder);
  const old = names.filter((name) => name.startsWith(prefix));
  await Promise.all(old.map((name) => rm(path.join(folder, name), { recursive: true, force: true })));
}

/** The atomic end: from here on the environment is there for everybody, whole. */
async function publish(options: InstallOptions, staging: string, prefix: string): Promise<void> {
  try {
    await rename(staging, options.root);
  } catch (error) {
    if (!OCCUPIED.has(systemErrorCode(error) ?? "")) throw error;
    // Another one was quicker, and servers may run from it already.
    if ((await findWhole(options.root, minorVersion(options.interpreter.facts))) !== undefined) return;
    // What lies there is not whole, since its Python is gone. A rename replaces no folder, so it moves away first.
    await rename(options.root, `${prefix}${randomUUID()}`);
    await rename(staging, options.root);
  }
}

/**
 * Makes an environment beside its place and moves it there when it is whole.
 *
 * @throws TriptychError as `ensureEmbedded` does.
 */
export async function install(options: InstallOptions): Promise<void> {
  const folder = path.dirname(options.root);
  const prefix = `.${path.basename(options.root)}-`;
  const staging = path.join(folder, `${prefix}${randomUUID()}`);
  try {
    await removeLeftovers(folder, prefix);
    await requireSpace(folder);
    await createVenv(options, staging);
    await installPackages(options, staging);
    await arrange(options, staging);
    await publish(options, staging, path.join(folder, prefix));
    await removeLeftovers(folder, prefix);
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    throw error instanceof TriptychError ? error : writeFailure(folder, error);
  }
}
