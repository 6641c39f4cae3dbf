import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createTwoFilesPatch } from "diff";
import { systemErrorCode, TriptychError } from "../errors/index.ts";
import { type Files, MANIFEST, MODELS_FOLDER, type RepositoryManifest } from "./render.ts";

/** One file that is not on disk what the plan says. */
export interface Drift {
  readonly path: string;
  readonly kind: "missing" | "changed" | "stale" | "foreign";
  /** Unified diff from what is on disk to what the plan says; a sentence where it is no text. */
  readonly patch: string;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new TriptychError("repository-write", `cannot read ${path}: ${code ?? String(error)}`, {
      cause: error,
      hint: "move away what stands in the place of the generated file",
    });
  }
}

/** The manifest of the last rendering in a folder; `undefined` where there is none that can be read. */
export async function readManifest(folder: string): Promise<RepositoryManifest | undefined> {
  const text = await readIfThere(join(folder, MANIFEST));
  if (text === undefined) return undefined;
  try {
    const manifest = JSON.parse(text) as RepositoryManifest | null;
    return Array.isArray(manifest?.files) ? manifest : undefined;
  } catch {
    return undefined;
  }
}

/** Files of an earlier rendering that this one does not have any more. */
export function staleFiles(manifest: RepositoryManifest | undefined, files: Files): string[] {
  const inside = (path: string): boolean => !path.startsWith("/") && !path.split("/").includes("..");
  return (manifest?.files ?? []).filter(
    (path) => typeof path === "string" && inside(path) && !files.has(path),
  );
}

function patchOf(path: string, before: string, after: string): string {
  return createTwoFilesPatch(`on disk/${path}`, `planned/${path}`, before, after, "", "", { context: 2 });
}

async function driftOf(folder: string, path: string, planned: string | undefined): Promise<Drift[]> {
  const found = await readIfThere(join(folder, path));
  if (found === planned) return [];
  const kind = found === undefined ? "missing" : planned === undefined ? "stale" : "changed";
  return [{ path, kind, patch: patchOf(path, found ?? "", planned ?? "") }];
}

/** Compares a repository folder with what the plan says; empty means equal. Weights are not looked at. */
export async function diffRepository(files: Files, folder: string): Promise<Drift[]> {
  const stale = staleFiles(await readManifest(folder), files);
  const drifts = await Promise.all([
    ...[...files].map(([path, text]) => driftOf(folder, path, text)),
    ...stale.map((path) => driftOf(folder, path, undefined)),
  ]);
  return drifts.flat();
}

/**
 * Folders among the models that neither this rendering nor an earlier one made: Triton loads them like the others.
 * They are somebody's own, so that writing a repository leaves them alone.
 */
export async function foreignModels(files: Files, folder: string): Promise<Drift[]> {
  const earlier = (await readManifest(folder))?.files ?? [];
  const ours = new Set([...files.keys(), ...earlier].map((path) => path.split("/").slice(0, 2).join("/")));
  const found = await readdir(join(folder, MODELS_FOLDER), { withFileTypes: true }).catch(() => []);
  return found
    .map((entry) => `${MODELS_FOLDER}/${entry.name}`)
    .filter((path) => !ours.has(path))
    .map((path) => ({ path, kind: "foreign", patch: `only on disk: ${path}, which Triton would load too` }));
}
