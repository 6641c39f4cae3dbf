import type { Finding } from "../errors/index.ts";

/** Where a value stands in a document. */
export type Path = readonly (string | number)[];

/** What is wrong between the values of a document. */
export interface Problem {
  readonly rule: string;
  readonly path: Path;
  readonly message: string;
  readonly hint: string;
}

/** Reads below an unchecked document: a check must not fall over what another finding reports. */
export function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((node, key) => {
    if (typeof node !== "object" || node === null) return undefined;
    return (node as Record<string | number, unknown>)[key];
  }, value);
}

/** Entries of the map at a place; none where no map is. */
export function entriesAt(value: unknown, path: Path): [string, unknown][] {
  const found = at(value, path);
  return typeof found === "object" && found !== null ? Object.entries(found) : [];
}

/** Orders findings by their place in the file. */
export function byPosition(a: Finding, b: Finding): number {
  const line = (a.position?.line ?? 0) - (b.position?.line ?? 0);
  return line === 0 ? (a.position?.column ?? 0) - (b.position?.column ?? 0) : line;
}
