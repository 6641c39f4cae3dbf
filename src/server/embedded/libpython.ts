import { access, constants } from "node:fs/promises";
import path from "node:path";
import { runProgram } from "../../process/index.ts";

const USUAL_FOLDERS = [
  "/usr/lib/x86_64-linux-gnu",
  "/usr/lib64",
  "/usr/lib",
  "/usr/local/lib64",
  "/usr/local/lib",
];

/** Where the system's loader knows a library, from the output of `ldconfig -p`. */
export function parseLoaderCache(output: string, name: string): string | undefined {
  const line = output
    .split("\n")
    .find((entry) => entry.trim().startsWith(`${name} `) && entry.includes("x86-64"));
  return line?.split("=> ")[1]?.trim();
}

async function inLoaderCache(name: string): Promise<string | undefined> {
  // Debian keeps it out of an ordinary user's PATH.
  for (const file of ["ldconfig", "/sbin/ldconfig"]) {
    const output = await runProgram({ file, args: ["-p"], timeoutMs: 10_000 }).catch(() => undefined);
    if (output !== undefined) return parseLoaderCache(output.stdout, name);
  }
  return undefined;
}

async function isReadable(file: string): Promise<boolean> {
  return access(file, constants.R_OK).then(
    () => true,
    () => false,
  );
}

/**
 * Path of the shared library of a Python version such as `3.11`. The interpreter's own folders come first; the
 * system's library of the same version serves as well, since its interface is the same for all patch releases.
 */
export async function findLibpython(
  version: string,
  ownFolders: readonly string[],
): Promise<string | undefined> {
  const name = `libpython${version}.so.1.0`;
  const folders = [...ownFolders.filter((folder) => folder !== ""), ...USUAL_FOLDERS];
  for (const file of folders.map((folder) => path.join(folder, name))) {
    if (await isReadable(file)) return file;
  }
  return inLoaderCache(name);
}
