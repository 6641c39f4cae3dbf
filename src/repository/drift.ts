import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createTwoFilesPatch } from "diff";
import { systemErrorCode } from "../errors/index.ts";
import { type Files, MANIFEST, type RepositoryManifest } from "./render.ts";

/** One file that is not on disk what the plan says. */
export interface Drift {
  readonly path: string;
  readonly kind: "missing" | "changed" | "stale";
  /** Unified diff from what is on disk to what the plan says. */
  readonly patch: string;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT" || systemErrorCode(error) === "ENOTDIR") return undefined;
    throw error;
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
