import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { type Report, reportFiles, subtitleOf, tablesOf, writeReport } from "../../bench/index.ts";
import { TriptychError } from "../../errors/index.ts";
import { type Command, type Context, EXIT } from "../context.ts";
import { table } from "../table.ts";
import { printable } from "../terminal.ts";

/** Options of `triptych report`. */
export interface ReportOptions {
  /** Record files, or folders of `triptych bench`. */
  readonly files: readonly string[];
  readonly out?: string;
}

/** Shows a report: tables for a person, or the whole of it as JSON. */
export function showReport({ terminal, json }: Context, report: Report): void {
  if (json) {
    terminal.out(JSON.stringify(report));
    return;
  }
  const tables = tablesOf(report).map(({ title, head, rows, note }) => {
    const below = note === undefined ? [] : [terminal.paint("dim", note, "out")];
    const text = table(
      head,
      rows.map((row) => row.map(printable)),
    );
    return [terminal.paint("bold", title, "out"), text, ...below].join("\n");
  });
  terminal.out([printable(`${report.pipeline.pipeline}: ${subtitleOf(report)}`), ...tables].join("\n\n"));
}

async function filesOf(name: string): Promise<string[]> {
  const found = await stat(name).catch(() => undefined);
  if (found?.isDirectory() !== true) return [name];
  for (const folder of [path.join(name, "records"), name]) {
    const names = await readdir(folder).catch(() => []);
    const records = names.filter((one) => one.endsWith(".ndjson")).sort();
    if (records.length > 0) return records.map((one) => path.join(folder, one));
  }
  throw new TriptychError("records-invalid", `${name} holds no record files.`, {
    hint: "Name the folder that `triptych bench --out` wrote.",
  });
}

/** `triptych report FILE…`: the report of records that were made before. */
export const report: Command<ReportOptions> = async (context, { files, out }) => {
  const all = (await Promise.all(files.map(filesOf))).flat();
  const made = await reportFiles(all);
  const written = out === undefined ? [] : await writeReport(made, out);
  showReport(context, made);
  for (const file of written) context.terminal.err(file);
  return EXIT.ok;
};
