import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";

/** SHA-256 of a file, in hexadecimal. */
export async function fileSha256(file: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(
    createReadStream(file, { highWaterMark: 2 ** 20 }),
    hash,
    ...(signal === undefined ? [] : [{ signal }]),
  );
  return hash.digest("hex");
}

/** SHA-256 of a text, in hexadecimal. */
export function textSha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
