import type { LintFinding, LintReport } from "../types.ts";

const COMMANDS = { error: "error", warning: "warning", note: "notice" } as const;

/** A report as workflow commands of GitHub, one a line, which it shows beside the lines of a change. */
export function lintToGithub({ findings }: LintReport): string {
  return findings.map(commandOf).join("\n");
}

function commandOf({ severity, rule, file, line, column, message, hint }: LintFinding): string {
  const place = line === undefined ? "" : `,line=${line},col=${column ?? 1}`;
  const text = hint === undefined ? message : `${message}\n${hint}`;
  return `::${COMMANDS[severity]} file=${property(file)}${place},title=${property(rule)}::${data(text)}`;
}

/** Line breaks would end the command, and begin another one. */
function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
