import path from "node:path";
import { gateSubtitle, gateTables, parseVerdict } from "../../gate/index.ts";
import { type Command, EXIT } from "../context.ts";
import { readText } from "../read-text.ts";
import { table } from "../table.ts";
import { printable } from "../terminal.ts";

/** `triptych gate explain`: where the difference of the last run lies. */
export const gateExplain: Command<{ readonly out: string }> = async ({ terminal, json }, { out }) => {
  const file = path.join(out, "verdict.json");
  const report = parseVerdict(await readText(file), file);
  if (json) {
    terminal.out(JSON.stringify(report.parts));
    return EXIT.ok;
  }
  const tables = gateTables(report).map(({ title, head, rows }) =>
    [
      terminal.paint("bold", title, "out"),
      table(
        head,
        rows.map((row) => row.map(printable)),
      ),
    ].join("\n"),
  );
  const sentences = report.parts
    .map(({ sentence }, index) => `${index + 1}. ${printable(sentence)}`)
    .join("\n");
  terminal.out([printable(gateSubtitle(report)), ...tables, sentences].join("\n\n"));
  return EXIT.ok;
};
