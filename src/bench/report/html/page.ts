import { escapeMarkup } from "../markup.ts";
import { type ReportTable, subtitleOf, tablesOf } from "../tables.ts";
import type { Report } from "../types.ts";
import { distributionPlot, latencyPlot, partsPlot, sweepPlots } from "./plots.ts";
import { element } from "./svg.ts";

const STYLE = `
:root { color-scheme: light dark; --ink: #1b2733; --faint: #8795a1; --line: #dfe5ea; --mark: #2f6db5; --page: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #dde4ea; --faint: #8795a1; --line: #33414d; --mark: #74a9e6; --page: #151c23; }
}
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); max-width: 960px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.table { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
td { white-space: pre; } td:last-child { white-space: pre-wrap; }
p, figcaption { color: var(--faint); max-width: 70ch; }
figure { margin: 1.5rem 0; }
svg { width: 100%; height: auto; font-size: 12px; fill: var(--ink); }
.grid { stroke: var(--line); } .spread { stroke: var(--faint); } .bar, .mark { fill: var(--mark); }
svg .within { fill: var(--page); }
.beaten { fill: var(--page); stroke: var(--mark); stroke-width: 2; }
.failed { color: #c0392b; font-weight: 600; }
`;

function tableMarkup({ title, head, rows, note }: ReportTable): string {
  const cell = (text: string): string =>
    element("td", text === "failed" ? { class: "failed" } : {}, escapeMarkup(text));
  const heads = head.map((text) => element("th", { scope: "col" }, escapeMarkup(text)));
  const table = element(
    "table",
    {},
    element("thead", {}, element("tr", {}, ...heads)),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map(cell)))),
  );
  const below = note === undefined ? [] : [element("p", {}, escapeMarkup(note))];
  return [element("h2", {}, escapeMarkup(title)), element("div", { class: "table" }, table), ...below].join(
    "\n",
  );
}

/** A report as one HTML file that asks for nothing from elsewhere and runs no script. */
export function renderHtml(report: Report): string {
  const name = `${report.pipeline.pipeline}: what was measured`;
  const plots = [
    ...sweepPlots(report),
    ...report.points
      .filter(({ responseMs }) => responseMs !== undefined)
      .flatMap((point) => [
        ...(point.time === undefined ? [] : [partsPlot(point)]),
        latencyPlot(point),
        distributionPlot(point),
      ]),
  ];
  return [
    "<!doctype html>",
    '<html lang="en">',
    '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
    // Nothing in a report is to be run or fetched, whatever a server has put into its messages.
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    element("title", {}, escapeMarkup(name)),
    element("style", {}, STYLE),
    "</head><body>",
    element("h1", {}, escapeMarkup(name)),
    element("p", {}, escapeMarkup(subtitleOf(report))),
    ...tablesOf(report).map(tableMarkup),
    ...plots,
    "</body></html>",
    "",
  ].join("\n");
}
