import { TriptychError } from "../../errors/index.ts";
import { diskFull } from "../cache-folder.ts";

const FULL = /No space left on device|Disk quota exceeded|Errno (?:28|122)\b/;

/** What pip says, and what to do about it; the first that fits. */
const HINTS: readonly (readonly [said: RegExp, hint: string])[] = [
  [
    /DO NOT MATCH THE HASHES/,
    "A downloaded package is not the one that was pinned: clear pip's cache or try another index.",
  ],
  [
    /Temporary failure in name resolution|NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError/,
    "pip cannot reach its package index: check the network, the proxy (HTTPS_PROXY) and `pip config list`.",
  ],
  [
    /No matching distribution found|Could not find a version/,
    "pip's index has no such package: check `pip config list`, or use the public index.",
  ],
];

/** Turns pip's failure into the code that fits, keeping the end of its log. */
export function pipFailure(error: TriptychError, folder: string): TriptychError {
  if (error.code !== "process-failed") return error;
  const log = error.details.logTail ?? "";
  if (FULL.test(log)) return diskFull(folder, error);
  const hint = HINTS.find(([said]) => said.test(log))?.[1] ?? "See the end of its log for the reason.";
  const reason = log.split("\n").findLast((line) => line.startsWith("ERROR: "));
  const message = `The embedded server's packages could not be installed: ${reason?.slice(7) ?? error.message}`;
  return new TriptychError("environment-failed", message, { hint, cause: error, details: error.details });
}
