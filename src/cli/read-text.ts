import { readFile } from "node:fs/promises";
import { systemErrorCode, TriptychError } from "../errors/index.ts";

/**
 * The text of a file that an option names.
 *
 * @param hint - What to name instead.
 * @throws TriptychError `usage` where it cannot be read
 */
export async function readText(file: string, hint?: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new TriptychError("usage", `cannot read ${file}: ${systemErrorCode(cause) ?? String(cause)}`, {
      cause,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}
