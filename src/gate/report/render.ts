import { escapeMarkup, markdownTable, type ReportTable } from "../../bench/index.ts";
import type { Verdict } from "../stats/verdict.ts";
import type { CheckResult, GateReport } from "./types.ts";

const RANK: Readonly<Record<Verdict, number>> = { failed: 0, invalid: 1, inconclusive: 2, passed: 3 };

/** Checks with the worst first; those that only warn after those that decide. */
export function worstFirst(checks: readonly CheckResult[]): CheckResult[] {
  const place = ({ verdict, severity }: CheckResult): number =>
    RANK[verdict] + (severity === "warn" && verdict !== "passed" ? 2.5 : 0);
  return checks.toSorted((a, b) => place(a) - place(b));
}

/** The verdict of a check, with what it counts for. */
export function verdictText({ verdict, severity }: CheckResult): string {
  return severity === "warn" && verdict !== "passed" ? `${verdict} (warning)` : verdict;
}

function checksTable({ checks }: GateReport): ReportTable {
  return {
    title: "Checks",
    head: ["check", "verdict", "layer", "what was found"],
    rows: worstFirst(checks).map((check) => [
      check.name,
      verdictText(check),
      check.layer,
      check.accepted === undefined ? check.message : `${check.message} (accepted: ${check.accepted})`,
    ]),
  };
}

const ms = (value: number | undefined): string => (value === undefined ? "" : value.toFixed(1));

function partsTable({ parts }: GateReport): ReportTable {
  return {
    title: "Where the difference lies",
    head: ["part", "variant", "base ms", "more ms", "from", "to"],
    rows: parts.map(({ part, variant, baseMs, deltaMs, low, high }) => [
      part,
      variant,
      ms(baseMs),
      ms(deltaMs),
      ms(low),
      ms(high),
    ]),
    note: "Milliseconds a clip, candidate less base; each bound holds with 95 % certainty.",
  };
}

/** What a report says, as tables. */
export function gateTables(report: GateReport): ReportTable[] {
  return [checksTable(report), ...(report.parts.length === 0 ? [] : [partsTable(report)])];
}

/** One line about a run: what was compared, and how much of it. */
export function subtitleOf({ sides, blocks, familyRisk }: GateReport): string {
  const named = sides.map(({ name, source }) => `${name} ${source}`).join(", ");
  const dropped = blocks.dropped.length === 0 ? "" : `, ${blocks.dropped.length} left out`;
  const risk =
    familyRisk === 0 ? "" : `; an equal candidate fails in at most ${100 * familyRisk} of 100 runs`;
  return `${named}; ${blocks.usable} blocks${dropped}${risk}`;
}

/** The report as Markdown: a summary of a pull request. */
export function renderGateMarkdown(report: GateReport): string {
  const [first] = report.parts;
  const head = [`# Gate ${report.gate}: ${report.verdict}`, escapeMarkup(subtitleOf(report))];
  const told = first === undefined ? [] : [escapeMarkup(first.sentence)];
  return `${[...head, ...told, ...gateTables(report).map(markdownTable)].join("\n\n")}\n`;
}

const ELEMENT: Readonly<Record<Verdict, string | undefined>> = {
  passed: undefined,
  failed: "failure",
  invalid: "error",
  inconclusive: "skipped",
};

function testcase(gate: string, check: CheckResult): string[] {
  const head = `    <testcase classname="${escapeMarkup(gate)}.${check.layer}" name="${escapeMarkup(check.name)}"`;
  // What only warns must not turn a job red.
  const element =
    check.severity === "warn" && check.verdict !== "passed" ? "skipped" : ELEMENT[check.verdict];
  const properties =
    typeof check.value === "number" && Number.isFinite(check.value)
      ? [`      <properties><property name="value" value="${check.value}"/></properties>`]
      : [];
  const said = element === undefined ? [] : [`      <${element} message="${escapeMarkup(check.message)}"/>`];
  return [`${head}>`, ...properties, ...said, "    </testcase>"];
}

/** The report as JUnit XML: a case for each check. */
export function renderGateJunit({ gate, checks, startedAt }: GateReport): string {
  const cases = checks.map((check) => testcase(gate, check));
  const count = (element: string): number =>
    cases.filter((lines) => lines.some((line) => line.includes(`<${element} `))).length;
  const totals = `tests="${checks.length}" failures="${count("failure")}" errors="${count("error")}" skipped="${count("skipped")}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${escapeMarkup(gate)}">`,
    `  <testsuite name="${escapeMarkup(gate)}" ${totals} timestamp="${escapeMarkup(startedAt)}">`,
    ...cases.flat(),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

/** GitHub shows ten annotations of a kind for each step, and drops the others silently. */
const MOST_ANNOTATIONS = 5;

const annotationText = (text: string): string =>
  text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");

/** Workflow commands that GitHub shows as annotations: the worst checks, and the sentence about where it lies. */
export function renderAnnotations({ gate, checks, parts }: GateReport): string[] {
  const bad = worstFirst(checks)
    .filter(({ verdict }) => verdict !== "passed")
    .slice(0, MOST_ANNOTATIONS);
  return bad.map((check) => {
    const kind = check.verdict === "failed" && check.severity === "fail" ? "error" : "warning";
    const why = kind === "error" && check.layer === "relative" ? ` ${parts[0]?.sentence ?? ""}` : "";
    const title = annotationText(`${gate}: ${check.name}`).replaceAll(":", "%3A").replaceAll(",", "%2C");
    return `::${kind} title=${title}::${annotationText(`${verdictText(check)}: ${check.message}${why}`)}`;
  });
}
