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
  const steps = withoutDetours(model.folder, [base, ...path.split("/")]);
  let folders: string[] = [];
  for (const [index, step] of steps.entries()) {
    if (step === "..") {
      if (folders.length === 0) return "unknown";
      folders = folders.slice(0, -1);
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

/** The steps that are any, without those that lead out of the model's folder and in again. */
function withoutDetours(folder: string, all: readonly string[]): string[] {
  const steps = all.filter((step) => step !== "" && step !== ".");
  const kept: string[] = [];
  let depth = 0;
  for (let index = 0; index < steps.length; index += 1) {
    const step = steps[index] ?? "";
    const isDetour = step === ".." && depth === 0 && steps[index + 1] === basename(folder);
    if (isDetour && !isLink(folder)) index += 1;
    else {
      kept.push(step);
      depth += step === ".." ? -1 : 1;
    }
  }
  return kept;
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
