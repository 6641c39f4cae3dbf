import { mkdir } from "node:fs/promises";
import path from "node:path";
import { systemErrorCode } from "../errors/index.ts";

/**
 * Like `mkdir -p`, with the true reason of a failure. Node's own says ENOENT for a read-only disk, and on some file
 * systems that know no folders of ours (/proc) it never returns.
 */
export async function makeFolder(folder: string): Promise<void> {
  const make = (): Promise<void> =>
    mkdir(folder).catch((error: unknown) => {
      // Made by somebody else, or a file; whoever writes into it will see.
      if (systemErrorCode(error) !== "EEXIST") throw error;
    });
  try {
    await make();
  } catch (error) {
    if (systemErrorCode(error) !== "ENOENT" || path.dirname(folder) === folder) throw error;
    await makeFolder(path.dirname(folder));
    await make();
  }
}
