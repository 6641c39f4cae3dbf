import { ERROR_CODES, type Finding, type TriptychError } from "../errors/index.ts";
import { printable, type Terminal } from "./terminal.ts";

/** Findings that a person is shown: more would push the first ones off the screen. */
const MAX_FINDINGS = 30;

function place(finding: Finding): string {
  const { position } = finding;
  return position === undefined ? "" : printable(`${position.file}:${position.line}:${position.column}: `);
}

/** One finding as lines of text: where, what, and what to do. */
export function findingLines(finding: Finding, terminal: Terminal): string[] {
  const where = terminal.paint("bold", place(finding));
  const lines = [`${where}${printable(finding.message)} ${terminal.paint("dim", `[${finding.rule}]`)}`];
  if (finding.hint !== undefined) lines.push(`    ${terminal.paint("cyan", "→")} ${printable(finding.hint)}`);
  return lines;
}

function reportDetails({ details }: TriptychError, terminal: Terminal): void {
  const { findings = [], logTail, logFile, reproduce } = details;
  for (const finding of findings.slice(0, MAX_FINDINGS))
    for (const line of findingLines(finding, terminal)) terminal.err(`  ${line}`);
  if (findings.length > MAX_FINDINGS)
    terminal.err(`  … and ${findings.length - MAX_FINDINGS} more (--json has all)`);
  if (logTail) terminal.err(terminal.paint("dim", printable(logTail).replaceAll(/^/gm, "  | ")));
  if (logFile !== undefined) terminal.err(`  log: ${logFile}`);
  if (reproduce !== undefined) terminal.err(`  to repeat it: ${printable(reproduce)}`);
}

function reportText(error: TriptychError, terminal: Terminal): void {
  terminal.err(`${terminal.paint(["bold", "red"], "error")}[${error.code}]: ${printable(error.message)}`);
  reportDetails(error, terminal);
  // The only finding has said it.
  const [only, ...others] = error.details.findings ?? [];
  const isSaid = others.length === 0 && only?.hint === error.hint;
  if (error.hint !== undefined && !isSaid)
    terminal.err(`  ${terminal.paint("cyan", "→")} ${printable(error.hint)}`);
  if (error.code === "internal") {
    terminal.err(
      `  ${ERROR_CODES.internal.title}; please report it with this:\n${printable(error.stack ?? "")}`,
    );
  }
}

/**
 * Prints an error as a person wants it (what, where, the log's tail, and what to type next) or as JSON on stdout; on
 * stdout there is one document only, so what goes wrong after the result is told as text.
 */
export function reportError(error: TriptychError, terminal: Terminal, json: boolean): void {
  const { code, message, hint, details } = error;
  if (json && !terminal.hasResult)
    terminal.out(JSON.stringify({ error: { code, message, hint, ...details } }));
  else reportText(error, terminal);
}
