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
  for (const { path, before, after } of lintFixes(report)) {
    terminal.err(
      printable(createTwoFilesPatch(path, path, before, after, "before", "mended", { context: 2 })),
    );
    await writeResult(path, after);
  }
}
