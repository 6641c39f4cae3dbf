import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { withLock } from "../../files/index.ts";
import { cacheFolder, makeWritable, writeFailure } from "../cache-folder.ts";
import type { EnvironmentOptions } from "../types.ts";
import { assetPath } from "./asset.ts";
import { install } from "./install.ts";
import { describe, type EmbeddedEnvironment, findWhole, LAYOUT } from "./layout.ts";
import { findInterpreter, type Interpreter } from "./python.ts";
import { minorVersion } from "./python-facts.ts";

function keyOf(requirements: string, { facts, libpython }: Interpreter): string {
  const parts = [String(LAYOUT), requirements, minorVersion(facts), facts.basePrefix, libpython];
  return createHash("sha256").update(parts.join("\0")).digest("hex").slice(0, 16);
}

/**
 * Makes the embedded server's environment, once: later calls find it, also from other processes, and calls at the
 * same time wait for the first. About 420 MB on disk; needs a package index that pip can reach, the first time.
 *
 * @throws TriptychError `python-missing`, `venv-missing`, `libpython-missing`, `cache-unwritable`, `disk-full`,
 * `environment-failed` (with the end of pip's log) or `cancelled`.
 */
export async function ensureEmbedded(options: EnvironmentOptions = {}): Promise<EmbeddedEnvironment> {
  const { onProgress, signal } = options;
  onProgress?.({ step: "python", message: "Looking for Python 3.10 to 3.12" });
  const interpreter = await findInterpreter(options.python, signal);
  const version = minorVersion(interpreter.facts);
  const requirements = await readFile(assetPath("requirements.txt"), "utf8");
  const folder = path.join(cacheFolder(options.cacheDir), "embedded");
  const root = path.join(folder, keyOf(requirements, interpreter));
  const found = await findWhole(root, version);
  if (found !== undefined) return found;
  await makeWritable(folder);
  const onWait = (): void => {
    onProgress?.({ step: "wait", message: "Waiting for another process that makes the same environment" });
  };
  return withLock(`${root}.lock`, { signal, onWait }, async () => {
    const meanwhile = await findWhole(root, version);
    if (meanwhile !== undefined) return meanwhile;
    await install({ root, interpreter, requirements, onProgress, signal });
    return describe(root, version);
  }).catch((error: unknown) => {
    throw writeFailure(folder, error);
  });
}
