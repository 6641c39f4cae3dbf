import { createTwoFilesPatch } from "diff";
import { type LintReport, lintFixes } from "../lint/index.ts";
import type { Context } from "./context.ts";
import { printable } from "./terminal.ts";
import { writeResult } from "./write-file.ts";

/**
 * Mends what is safe to mend in the files of a report; each difference is shown before its file is written.
 *
 * @throws TriptychError `disk-full`, `output-unwritable`
 */
export async function fix({ terminal }: Context, report: LintReport): Promise<void> {
  const fixes = lintFixes(report);
  if (fixes.length === 0) terminal.err(NOTHING);
  for (const { path, before, after } of fixes) {
    terminal.err(difference(path, before, after));
    await writeResult(path, after);
  }
}

const NOTHING =
  "--fix: nothing to mend. It writes model_version: -1 into steps of ensembles without one (F103), and a version for ensembles without any (R501).";

/** A carriage return at the end of a line is no part of the difference, and would move the cursor. */
function difference(path: string, before: string, after: string): string {
  const [old, mended] = [before, after].map((text) => text.replaceAll(/\r\n?/g, "\n"));
  return printable(
    createTwoFilesPatch(path, path, old ?? "", mended ?? "", "before", "mended", { context: 2 }),
  );
}
