import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type WriteRefusal, writeWhole } from "../files/index.ts";
import { type Drift, diffRepository } from "./drift.ts";
import { type Files, MANIFEST } from "./render.ts";

/** How a failure to write into a repository is told. */
export const REFUSAL: WriteRefusal = {
  code: "repository-write",
  hint: "check that the folder exists and is yours to write",
};

async function settle(folder: string, files: Files, drift: Drift): Promise<void> {
  const path = join(folder, drift.path);
  if (drift.kind === "stale") await rm(path, { force: true });
  else await writeWhole(path, files.get(drift.path) ?? "", REFUSAL);
}

/**
 * Makes a folder equal to the rendered repository: writes what differs, removes what an earlier rendering left.
 * Files that Triptych did not generate are left alone.
 *
 * @returns what was changed
 * @throws TriptychError `disk-full`, `repository-write`
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { linkWeights, parseSpec, planPipeline, readRuntime, renderRepository, writeRepository } from "triptych-sdk";
 *
 * const file = "configs/wan-tiny.yaml";
 * const plan = planPipeline(parseSpec(await readFile(file, "utf8"), file));
 * const changed = await writeRepository(renderRepository(plan, await readRuntime()), "my-repository");
 * await linkWeights(plan, "models/wan-tiny", "my-repository");
 * console.log(changed.length, "files written");
 * ```
 */
export async function writeRepository(files: Files, folder: string): Promise<Drift[]> {
  const drifts = await diffRepository(files, folder);
  // The manifest goes last: until it is there, the earlier list still names every file to clean up.
  const ordered = [
    ...drifts.filter(({ path }) => path !== MANIFEST),
    ...drifts.filter(({ path }) => path === MANIFEST),
  ];
  for (const drift of ordered) await settle(folder, files, drift);
  return drifts;
}
