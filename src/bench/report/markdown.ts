import { withoutForbidden } from "./markup.ts";
import { type ReportTable, subtitleOf, tablesOf } from "./tables.ts";
import type { Report } from "./types.ts";

/** GitHub takes a summary of 1 MiB at most, and none of a longer one. */
const LONGEST = 1_000_000;

function cell(text: string): string {
  return withoutForbidden(text)
    .replaceAll("\\", "\\\\")
    .replaceAll("|", "\\|")
    .replaceAll("<", "&lt;")
    .replaceAll(/[\r\n]+/g, " ")
    .replace(/^ {2}/, "&emsp;");
}

/** A table as Markdown, whatever its cells say. */
export function markdownTable({ title, head, rows, note }: ReportTable): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |`;
  const rule = `|${head.map(() => "---").join("|")}|`;
  const below = note === undefined ? [] : ["", cell(note)];
  return [`## ${cell(title)}`, "", line(head), rule, ...rows.map(line), ...below].join("\n");
}

/** A report as Markdown, cut where it would be longer than what renders it takes. */
export function renderMarkdown(report: Report): string {
  const head = [`# ${cell(report.pipeline.pipeline)}: what was measured`, cell(subtitleOf(report))];
  const text = [...head, ...tablesOf(report).map(markdownTable)].join("\n\n");
  if (text.length <= LONGEST) return `${text}\n`;
  const whole = text.slice(0, text.lastIndexOf("\n", LONGEST));
  return `${whole}\n\nCut here: report.json has the rest.\n`;
}
