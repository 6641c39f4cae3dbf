import type { LintFinding, LintReport, LintSettings } from "../lint/index.ts";
import { printable, type Terminal } from "./terminal.ts";

const COLOURS = { error: "red", warning: "yellow", note: "dim" } as const;

function placeOf({ file, line, column }: LintFinding): string {
  return line === undefined ? file : `${file}:${line}:${column ?? 1}`;
}

/** A finding as lines of text: where, how bad, what, by which rule; then what to do. */
export function lintLines(finding: LintFinding, terminal: Terminal): string[] {
  const { severity, message, rule, expected, got, hint } = finding;
  const paint = (style: Parameters<typeof terminal.paint>[0], text: string): string =>
    terminal.paint(style, text, "out");
  const values = [
    ...(expected === undefined ? [] : [`expected ${expected}`]),
    ...(got === undefined ? [] : [`got ${got}`]),
  ];
  const detail = values.length === 0 ? "" : ` (${values.join(", ")})`;
  const head = `${paint("bold", oneLine(placeOf(finding)))}: ${paint(COLOURS[severity], severity)}`;
  const lines = [`${head}: ${oneLine(message + detail)} ${paint("dim", `[${rule}]`)}`];
  if (hint !== undefined) lines.push(`    ${paint("cyan", "→")} ${oneLine(hint)}`);
  return lines;
}

/** Names from elsewhere may have line breaks too. */
function oneLine(text: string): string {
  return printable(text).replaceAll(/[\r\n\t]/g, "\ufffd");
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

/** What it comes to, in one line. */
export function lintSummary(folder: string, report: LintReport): string {
  const { findings, models } = report;
  const of = (severity: string): number => findings.filter((finding) => finding.severity === severity).length;
  const numbers = [count(of("error"), "error"), count(of("warning"), "warning"), count(of("note"), "note")];
  return `${printable(folder)}: ${count(models, "model")}, ${verdictText(report)}; ${numbers.join(", ")}`;
}

function verdictText({ verdicts, triton, autoComplete }: LintReport): string {
  const of = (wanted: string): number =>
    Object.values(verdicts).filter((verdict) => verdict === wanted).length;
  const server = `Triton ${triton}${autoComplete ? " with auto-complete" : ""}`;
  const unknown = of("unknown") === 0 ? "" : `, ${of("unknown")} unknown`;
  return `${server} refuses ${of("refused") === 0 ? "none" : of("refused")}${unknown}`;
}

/** Exceptions for models that are not there: of a name that was misspelt, nobody would hear else. */
export function idleExceptionLines(
  config: string,
  { ignore }: LintSettings,
  { verdicts }: LintReport,
): string[] {
  return ignore.flatMap(({ rule, model }) =>
    model === undefined || Object.hasOwn(verdicts, model)
      ? []
      : [
          printable(
            `${config}: there is no model ${JSON.stringify(model)}; its exception from ${rule} does nothing`,
          ),
        ],
  );
}
