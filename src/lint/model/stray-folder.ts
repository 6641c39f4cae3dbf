import { lstatSync, readlinkSync } from "node:fs";
import type { LintModel } from "./model.ts";

/** Why a folder is in the way, and what to do with it. */
export interface StrayFolder {
  readonly message: string;
  readonly hint: string;
}

/** Of a folder without a configuration, what shows that nobody meant it for a model; undefined where nothing does. */
export function strayFolder({ name, folder, hasConfig }: LintModel): StrayFolder | undefined {
  if (hasConfig) return undefined;
  const target = linkTarget(folder);
  if (target !== undefined)
    return { message: `it is a link to ${target}, ${EVERY}`, hint: "Take the link out of the repository." };
  return name.startsWith(".") ? { message: `${name} is hidden, ${EVERY}`, hint: MOVE } : undefined;
}

const EVERY = "and Triton takes every folder for a model";
const MOVE = "Move it away, or give Triton a folder that has models only, such as one below this.";

function linkTarget(path: string): string | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
    ? readlinkSync(path)
    : undefined;
}
