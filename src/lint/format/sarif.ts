import { RULES } from "../rules/index.ts";
import type { LintFinding, LintReport } from "../types.ts";

const SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json";

/** A report as SARIF 2.1.0, which code hosts show beside the lines; paths stay as they are in the findings. */
export function lintToSarif({ findings, triton }: LintReport): string {
  const used = RULES.filter(({ id }) => findings.some(({ rule }) => rule === id));
  const driver = {
    name: "triptych lint",
    rules: used.map(({ id, what, mend }) => ({ id, shortDescription: { text: what }, help: { text: mend } })),
  };
  const results = findings.map((finding) => ({
    ruleId: finding.rule,
    level: finding.severity,
    message: { text: textOf(finding) },
    locations: [locationOf(finding)],
  }));
  const runs = [{ tool: { driver }, properties: { triton }, results }];
  return JSON.stringify({ $schema: SCHEMA, version: "2.1.0", runs });
}

function textOf({ message, expected, got, hint }: LintFinding): string {
  const parts = [
    message,
    ...(expected === undefined ? [] : [`expected ${expected}`]),
    ...(got === undefined ? [] : [`got ${got}`]),
    ...(hint === undefined ? [] : [hint]),
  ];
  return parts.join("; ");
}

function locationOf({ file, line, column }: LintFinding): object {
  const uri = file.split("/").map(encodeURIComponent).join("/");
  const region = line === undefined ? {} : { region: { startLine: line, startColumn: column ?? 1 } };
  return { physicalLocation: { artifactLocation: { uri }, ...region } };
}
