import { isUtf8 } from "node:buffer";
import { join } from "node:path";
import { readSmallFile } from "../files/index.ts";
import type { LintFinding, LintReport } from "./types.ts";

/** A file as it is to be; what it was is for showing the difference. */
export interface LintFix {
  readonly path: string;
  /** Empty where the file is new. */
  readonly before: string;
  readonly after: string;
  /** Rules that it mends. */
  readonly rules: readonly string[];
}

/**
 * What can be mended without changing what anybody meant: a missing `model_version` becomes -1, and an ensemble
 * without a version gets an empty one. Nothing is written.
 */
export function lintFixes({ findings }: LintReport): readonly LintFix[] {
  return [...textFixes(findings), ...findings.flatMap(placeholderOf)];
}

/** An ensemble's folder of a version, which has nothing to hold. */
function placeholderOf({ rule, file, expected, hint }: LintFinding): LintFix[] {
  if (rule !== "R501" || hint?.includes(ENSEMBLE_HINT) !== true) return [];
  const version = /\d+$/.exec(expected ?? "")?.[0];
  if (version === undefined) return [];
  return [{ path: join(file, version, ".keep"), before: "", after: "\n", rules: [rule] }];
}

/** How the rule of missing versions tells an ensemble. */
export const ENSEMBLE_HINT = "with a placeholder in it, which `--fix` does";

function textFixes(findings: readonly LintFinding[]): LintFix[] {
  const wanted = findings.filter(
    ({ rule, got, line }) => rule === "F103" && got === "0" && line !== undefined,
  );
  const files = [...new Set(wanted.map(({ file }) => file))];
  return files.flatMap((path) => {
    const found = readSmallFile(path);
    // What is not UTF-8 would not be written as it was.
    if (!("bytes" in found) || !isUtf8(found.bytes)) return [];
    const before = Buffer.from(found.bytes).toString("utf8");
    const places = wanted.filter(({ file }) => file === path);
    const after = withVersions(before, places);
    return after === before ? [] : [{ path, before, after, rules: ["F103"] }];
  });
}

/** The text with a version after the opening bracket of each step; the last one first, so that places stay. */
function withVersions(text: string, places: readonly LintFinding[]): string {
  const lines = text.split("\n");
  const later = [...places].sort(
    (a, b) => (b.line ?? 0) - (a.line ?? 0) || (b.column ?? 0) - (a.column ?? 0),
  );
  for (const { line = 0, column = 0 } of later) {
    const old = lines[line - 1] ?? "";
    // The place of a step is its bracket; one that says 0 in words has its place there, and is left alone.
    if (!/[{<]/.test(old[column - 1] ?? "")) continue;
    const rest = old.slice(column);
    // A name right behind the bracket would become part of the number.
    const gap = /^\S/.test(rest) ? " " : "";
    lines[line - 1] = `${old.slice(0, column)} model_version: -1${gap}${rest}`;
  }
  return lines.join("\n");
}
