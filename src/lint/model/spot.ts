import { lstatSync } from "node:fs";
import { basename, join } from "node:path";
import type { LintModel } from "./model.ts";

/** Where a path leads within the folder of a model; `nowhere`, or `unknown` where it leads out of it. */
export type Spot = { readonly folder: string; readonly name: string } | "nowhere" | "unknown";

/**
 * Follows a path of a configuration as the system does, which goes through each folder that it names: there is no
 * `x/../file` without an `x`. Triton appends a path that begins with `/` like any other.
 *
 * @param base - Folder below the model's own that the path starts in, such as `warmup`; empty for the model's.
 */
export function spotOf(model: Pick<LintModel, "folder" | "filesIn">, base: string, path: string): Spot {
  const steps = [base, ...path.split("/")].filter((step) => step !== "" && step !== ".");
  let folders: string[] = [];
  let isAbove = false;
  for (const [index, step] of steps.entries()) {
    if (step === "..") {
      if (isAbove || (folders.length === 0 && isLink(model.folder))) return "unknown";
      isAbove = folders.length === 0;
      folders = folders.slice(0, -1);
      continue;
    }
    if (isAbove) {
      // Out of the model's folder and in again.
      if (step !== basename(model.folder)) return "unknown";
      isAbove = false;
      continue;
    }
    const entry = model.filesIn(folders.join("/")).get(step);
    if (entry === undefined) return "nowhere";
    if (index === steps.length - 1) return { folder: folders.join("/"), name: step };
    // Beyond a link, `..` would lead elsewhere.
    if (entry.isOutside === true || isLink(join(model.folder, ...folders, step))) return "unknown";
    if (entry.kind !== "folder") return "nowhere";
    folders = [...folders, step];
  }
  return "unknown";
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/** Bytes of the file that a path leads to; undefined where it leads to none, or where that was not looked at. */
export function sizeAt(model: LintModel, base: string, path: string): number | undefined {
  const spot = spotOf(model, base, path);
  return typeof spot === "string" ? undefined : model.sizeOf(spot.folder, spot.name);
}

/** True where a path surely leads to no file. */
export function isNoFile(model: LintModel, base: string, path: string): boolean {
  const spot = spotOf(model, base, path);
  return spot === "nowhere" || (spot !== "unknown" && model.sizeOf(spot.folder, spot.name) === undefined);
}
