import { basename, relative } from "node:path";

/**
 * What a person types to run Triptych, by the path of the script that runs. In a checkout nothing is on PATH, and a
 * hint must still be one that can be typed.
 */
export function selfName(script: string, cwd: string): string {
  if (basename(script) !== "triptych") return `node ${relative(cwd, script)}`;
  return /node_modules[\\/]\.bin/.test(script) ? "npx triptych" : "triptych";
}
