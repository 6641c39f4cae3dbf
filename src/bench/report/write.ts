import path from "node:path";
import { writeOutput } from "../../files/index.ts";
import { renderHtml } from "./html/page.ts";
import { renderJunit } from "./junit.ts";
import { renderMarkdown } from "./markdown.ts";
import { renderOpenMetrics } from "./openmetrics.ts";
import type { Report } from "./types.ts";

const REFUSAL = { code: "output-unwritable", hint: "choose another place with --out" } as const;

/** The files of a report by their names. */
export function renderReport(report: Report): Readonly<Record<string, string>> {
  return {
    "report.json": `${JSON.stringify(report, null, 2)}\n`,
    "report.md": renderMarkdown(report),
    "report.html": renderHtml(report),
    "junit.xml": renderJunit(report),
    "metrics.txt": renderOpenMetrics(report),
  };
}

/**
 * Writes a report in every format into a folder; each file is whole or not there.
 *
 * @returns The files.
 * @throws TriptychError `disk-full`, `output-unwritable`
 */
export async function writeReport(report: Report, folder: string): Promise<string[]> {
  const files = Object.entries(renderReport(report)).map(
    ([name, text]) => [path.join(folder, name), text] as const,
  );
  for (const [file, text] of files) await writeOutput(file, text, REFUSAL);
  return files.map(([file]) => file);
}
