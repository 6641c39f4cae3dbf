import { readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Finding } from "../../errors/index.ts";
import { exists, writeWhole } from "../../files/index.ts";
import type { Artifact } from "../../plan/index.ts";
import { type Places, passportPath, placeOutput, REFUSAL } from "./place.ts";
import type { Surveyed } from "./survey.ts";

/** Not a passport yet, but the mark that what stands beside it is Triptych's to replace. */
const BEGUN = '{"version": 1, "state": "begun"}\n';

/** What somebody else has put where an artifact is to go: it is not Triptych's to replace. */
export async function foreignFindings(artifacts: readonly Surveyed[], places: Places): Promise<Finding[]> {
  const found = await Promise.all(
    artifacts.map(async ({ artifact }): Promise<Finding[]> => {
      const { path } = placeOutput(artifact, places);
      if (!(await exists(path)) || (await exists(passportPath(artifact, places)))) return [];
      const message = `${path} was not made by \`triptych engines\` (${artifact.id})`;
      return [{ rule: "foreign", message, hint: "move it away if it is to be made here", path }];
    }),
  );
  return found.flat();
}

/** Removes what a builder that was killed has left half done; whoever calls this holds the lock. */
async function sweep(path: string): Promise<void> {
  const [folder, name] = [dirname(path), basename(path)];
  const left = (await readdir(folder)).filter((found) => isPartialOf(name, found));
  await Promise.all(left.map((found) => rm(join(folder, found), { recursive: true, force: true })));
}

function isPartialOf(name: string, found: string): boolean {
  return found.startsWith(`${name}.`) && /^\.[0-9a-f-]{36}\.partial$/.test(found.slice(name.length));
}

/** Where what was there before waits until its successor is whole. */
function olderPath(artifact: Artifact, places: Places): string {
  return `${placeOutput(artifact, places).path}.old`;
}

/**
 * Runs the work that makes an artifact. A folder that was there before is kept until the new one is whole, and comes
 * back where the work fails; a file is replaced by its tool in one go.
 */
export async function replacing<T>(artifact: Artifact, places: Places, work: () => Promise<T>): Promise<T> {
  const { path, form } = placeOutput(artifact, places);
  const older = olderPath(artifact, places);
  if (!(await exists(passportPath(artifact, places))))
    await writeWhole(passportPath(artifact, places), BEGUN, REFUSAL);
  await sweep(path);
  const isMoved = form === "folder" && (await exists(path));
  if (isMoved) {
    await rm(older, { recursive: true, force: true });
    await rename(path, older);
  }
  try {
    return await work();
  } catch (reason) {
    if (isMoved && !(await exists(path))) await rename(older, path);
    throw reason;
  } finally {
    if (await exists(path)) await rm(older, { recursive: true, force: true });
  }
}
