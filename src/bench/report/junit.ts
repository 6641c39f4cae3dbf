import { escapeMarkup } from "./markup.ts";
import type { Check, Point, Report } from "./types.ts";

function property(name: string, value: number | undefined): string[] {
  return value === undefined || !Number.isFinite(value)
    ? []
    : [`      <property name="${escapeMarkup(name)}" value="${value}"/>`];
}

function properties({ clipsPerSecond, requests, responseMs }: Point): string[] {
  return [
    "    <properties>",
    ...property("clips_per_second", clipsPerSecond),
    ...property("requests_succeeded", requests.succeeded),
    ...property("requests_failed", requests.failed),
    ...property("response_ms_mean", responseMs?.mean),
    ...(responseMs?.percentiles ?? []).flatMap(({ p, value }) => property(`response_ms_p${p}`, value)),
    ...property("response_ms_max", responseMs?.max),
    "    </properties>",
  ];
}

/** What cannot be trusted is no failure of what was measured; requests that failed are. */
function elementOf({ name, verdict }: Check): "failure" | "error" | "skipped" | undefined {
  if (verdict === "passed") return undefined;
  if (verdict === "failed") return "error";
  return name === "failures" ? "failure" : "skipped";
}

function testcase(point: Point, check: Check): string[] {
  const head = `    <testcase classname="${escapeMarkup(point.name)}" name="${check.name}"`;
  const element = elementOf(check);
  if (element === undefined) return [`${head}/>`];
  return [`${head}>`, `      <${element} message="${escapeMarkup(check.message)}"/>`, "    </testcase>"];
}

function suite(point: Point): string[] {
  const count = (element: ReturnType<typeof elementOf>): number =>
    point.checks.filter((check) => elementOf(check) === element).length;
  const faults = `failures="${count("failure")}" errors="${count("error")}" skipped="${count("skipped")}"`;
  const totals = `tests="${point.checks.length}" ${faults}`;
  const when = `timestamp="${escapeMarkup(point.startedAt)}" time="${point.spanSeconds.toFixed(3)}"`;
  return [
    `  <testsuite name="${escapeMarkup(point.name)}" ${totals} ${when}>`,
    ...properties(point),
    ...point.checks.flatMap((check) => testcase(point, check)),
    "  </testsuite>",
  ];
}

/** A report as JUnit XML: a suite for each point, a case for each check, the numbers as properties. */
export function renderJunit({ pipeline, points }: Report): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${escapeMarkup(pipeline.pipeline)}">`,
    ...points.flatMap(suite),
    "</testsuites>",
    "",
  ].join("\n");
}
