import { readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type Finding, isTriptychError } from "../../errors/index.ts";
import { exists, withLock, writeWhole } from "../../files/index.ts";
import type { Artifact } from "../../plan/index.ts";
import { type Places, passportPath, placeOutput, REFUSAL } from "./place.ts";
import type { Surveyed } from "./survey.ts";

/** A lock that is not free by then belongs to a builder at work. */
const SOON_MS = 1000;

/** Marks that what stands beside it is Triptych's to replace, though it has no passport yet. */
function begunPath(artifact: Artifact, places: Places): string {
  return `${placeOutput(artifact, places).path}.begun`;
}

/** Takes the mark away: a passport says more. */
export async function clearBegun(artifact: Artifact, places: Places): Promise<void> {
  await rm(begunPath(artifact, places), { force: true });
}

async function isOurs(artifact: Artifact, places: Places): Promise<boolean> {
  return (await exists(passportPath(artifact, places))) || exists(begunPath(artifact, places));
}

/** What somebody else has put where an artifact is to go: it is not Triptych's to replace. */
export async function foreignFindings(artifacts: readonly Surveyed[], places: Places): Promise<Finding[]> {
  const found = await Promise.all(
    artifacts.map(async ({ artifact }): Promise<Finding[]> => {
      const { path } = placeOutput(artifact, places);
      if (!(await exists(path)) || (await isOurs(artifact, places))) return [];
      const message = `${path} was not made by \`triptych engines\` (${artifact.id})`;
      return [{ rule: "foreign", message, hint: "move it away if it is to be made here", path }];
    }),
  );
  return found.flat();
}

/** What a builder that was killed has left half done under the name of an artifact. */
async function leftBehind(path: string): Promise<string[]> {
  const [folder, name] = [dirname(path), basename(path)];
  const names = await readdir(folder).catch(() => []);
  return names.filter((found) => isPartialOf(name, found)).map((found) => join(folder, found));
}

/** Whoever calls this holds the lock. */
async function sweep(path: string): Promise<void> {
  const left = await leftBehind(path);
  await Promise.all(left.map((found) => rm(found, { recursive: true, force: true })));
}

/** Of Node or of the script, of the artifact or of what trtexec says of its layers. */
function isPartialOf(name: string, found: string): boolean {
  if (!found.startsWith(`${name}.`)) return false;
  return /^(\.layers\.json)?\.([0-9a-f-]{36}|\d+)\.partial$/.test(found.slice(name.length));
}

/**
 * Removes what killed builders have left of artifacts that need not be made: an engine's size each. What another
 * builder is at work on stays.
 */
export async function sweepLeftovers(artifacts: readonly Artifact[], places: Places): Promise<void> {
  for (const artifact of artifacts) {
    const { path } = placeOutput(artifact, places);
    if ((await leftBehind(path)).length === 0) continue;
    const soon = AbortSignal.timeout(SOON_MS);
    await withLock(`${path}.lock`, { signal: soon }, () => sweep(path)).catch((reason: unknown) => {
      if (!isTriptychError(reason, "cancelled")) throw reason;
    });
  }
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
  if (!(await isOurs(artifact, places))) await writeWhole(begunPath(artifact, places), "", REFUSAL);
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
