import type { EnvironmentOptions } from "../types.ts";

/** pip names a package of an index, or the path of a wheel that is at hand. */
const PACKAGE = /^(?:Collecting|Processing) (?:\S*\/)?([A-Za-z_]+(?:-[A-Za-z]+)*)/;

/**
 * Turns pip's output into progress: each package that it comes to, with its place in the row.
 *
 * @param requirements - Text of the lock file, for counting.
 */
export function pipProgress(
  requirements: string,
  onProgress: EnvironmentOptions["onProgress"],
): (line: string) => void {
  // A package may stand there twice, for different Pythons.
  const total = new Set(requirements.match(/^[\w-]+(?===)/gm)).size;
  let count = 0;
  return (line) => {
    const name = PACKAGE.exec(line)?.[1];
    if (name !== undefined) {
      count += 1;
      const message = `Fetching ${name.replaceAll("_", "-")} (${String(count)} of ${String(total)})`;
      onProgress?.({ step: "install", message });
    }
    if (line.startsWith("Installing collected"))
      onProgress?.({ step: "install", message: "Unpacking the packages" });
  };
}
