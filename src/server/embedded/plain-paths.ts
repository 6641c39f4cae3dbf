import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { TriptychError } from "../../errors/index.ts";
import { describe, type EmbeddedEnvironment } from "./layout.ts";

/** Characters that neither a shell nor a search path reads as anything else. */
const PLAIN = /^[A-Za-z0-9_@%+=,./-]+$/;

/** What the server is told instead of the true paths. */
export interface PlainPaths {
  readonly modelRepository: string;
  readonly environment: EmbeddedEnvironment;
  /** Removes what stands outside the run folder. Synchronous, for exit hooks; never throws. */
  remove(): void;
}

/** A folder for links: the server's own, or where that is no plain path either, one among the temporary files. */
function linkFolder(runFolder: string): { folder: string; remove: () => void } {
  if (PLAIN.test(runFolder)) return { folder: runFolder, remove: () => undefined };
  const folder = mkdtempSync(path.join(tmpdir(), "triptych-"));
  const remove = (): void => {
    rmSync(folder, { recursive: true, force: true });
  };
  if (PLAIN.test(folder)) return { folder, remove };
  remove();
  throw new TriptychError("server-start-failed", `Triton 2.51 cannot work with the path ${folder}`, {
    hint: "Set TMPDIR or TRIPTYCH_CACHE to a folder whose path has letters, digits and -_./ only.",
  });
}

/**
 * Gives the server paths that it can bear. Triton 2.51 starts its model processes through a shell without quoting, so
 * a space in a path ends it and worse would run commands; and its Python (from 3.11) opens ASCII paths only. Where a
 * true path is not plain, a link with a plain path leads there.
 *
 * @throws TriptychError `server-start-failed` where no plain path is to be had.
 */
export function plainPaths(
  runFolder: string,
  modelRepository: string,
  environment: EmbeddedEnvironment,
): PlainPaths {
  const paths = { modelRepository: path.resolve(modelRepository), environment };
  const isPlain = [paths.modelRepository, environment.root].every((one) => PLAIN.test(one));
  if (isPlain) return { ...paths, remove: () => undefined };
  const { folder, remove } = linkFolder(runFolder);
  const link = (target: string, name: string): string => {
    if (PLAIN.test(target)) return target;
    symlinkSync(target, path.join(folder, name));
    return path.join(folder, name);
  };
  return {
    modelRepository: link(paths.modelRepository, "models"),
    environment: describe(link(environment.root, "environment"), environment.pythonVersion),
    remove,
  };
}
