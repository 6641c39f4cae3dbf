import { describe, expect, it } from "vitest";
import { countsOf, requestOf, runOf, START } from "../testing/runs.ts";
import { type Axis, axisOf, ticks } from "./html/svg.ts";
import { escapeMarkup } from "./markup.ts";
import { reportOf } from "./report.ts";
import { renderReport } from "./write.ts";

const HOSTILE = `</title><script>alert("1")</script>|\u0000\ud800 ' & <img src=x onerror=y>`;

function sweepReport(said: string) {
  const start = {
    name: said,
    pipeline: { ...START.pipeline, pipeline: said },
    server: { name: said, version: said },
  };
  const models = [countsOf("draft_stream", 2, 100), countsOf("draft_high_noise", 4, 80)];
  const requests = [requestOf(0), requestOf(1), requestOf(2, { outcome: "overloaded", message: said })];
  return reportOf([
    runOf(requests, { models, missing: [said] }, start),
    runOf(requests, { models }, { ...start, name: "b" }),
  ]);
}

describe("what a server says", () => {
  const files = renderReport(sweepReport(HOSTILE));

  it.each(["report.html", "junit.xml"])("never becomes markup in %s", (name) => {
    const text = files[name] ?? "";
    expect(text).not.toMatch(/<script|<img|\u0000/);
    expect(text).toContain("&lt;script&gt;");
    // Everything opened is closed, in order, apart from elements that hold nothing.
    const open: string[] = [];
    for (const [, end, element = "", alone] of text.matchAll(/<(\/?)([a-zA-Z0-9]+)[^<>]*?(\/?)>/g)) {
      if (alone === "/" || element === "meta") continue;
      if (end === "/") expect(open.pop()).toBe(element);
      else open.push(element);
    }
    expect(open).toEqual([]);
  });

  it("does not break a table of Markdown", () => {
    const rows = (files["report.md"] ?? "").split("\n").filter((line) => line.startsWith("| "));
    const cells = rows.map((row) => row.replaceAll(/\\[\\|]/g, "").split("|").length);
    expect(files["report.md"]).not.toContain("<script");
    expect(new Set(cells).size).toBeLessThanOrEqual(5);
    expect(cells.every((count) => count > 4)).toBe(true);
  });

  it("does not break a line of OpenMetrics", () => {
    const lines = (files["metrics.txt"] ?? "").trimEnd().split("\n");
    expect(lines.at(-1)).toBe("# EOF");
    for (const line of lines.filter((one) => !one.startsWith("#")))
      expect(line).toMatch(/^[a-z_]+\{([a-z]+="(?:[^"\\\n]|\\[\\"n])*",?)*\} [-\d.e+]+$/);
  });
});

describe("report.html", () => {
  it("asks for nothing from elsewhere, and has every plot of a sweep", () => {
    const html = renderReport(sweepReport("plain"))["report.html"] ?? "";
    expect(html).not.toMatch(/https?:|src=|href=|url\(|@import/);
    const captions = [...html.matchAll(/<figcaption>(.*?)<\/figcaption>/g)].map(([, text]) => text);
    expect(captions.slice(0, 2)).toEqual([
      "Throughput against load",
      "What is gained for what wait (full: no other beats it)",
    ]);
    expect(captions).toHaveLength(8);
    expect(html).not.toContain("NaN");
  });
});

describe("metrics.txt", () => {
  it("tells the parts, the outcomes and the calls of each model", () => {
    const models = [countsOf("draft_stream", 4, 360), countsOf("draft_high_noise", 8, 160)];
    const requests = Array.from({ length: 4 }, (_, index) => requestOf(index));
    const text = renderReport(reportOf([runOf(requests, { models })]))["metrics.txt"] ?? "";
    expect(text).toContain('triptych_part_seconds{point="draft-c1",part="high_noise"} 0.04\n');
    expect(text).toContain('triptych_calls_per_request{point="draft-c1",model="draft_high_noise"} 2\n');
    expect(text).toContain('triptych_requests{point="draft-c1",outcome="ok"} 4\n');
    expect(text).not.toContain("p99");
  });

  it("counts exactly, however many there are", () => {
    const run = runOf([requestOf(0, { doneMs: 123.456789 })]);
    run.failed = 12_345;
    run.errors.set("overloaded", { code: "overloaded", count: 12_345, message: "" });
    const text = renderReport(reportOf([run]))["metrics.txt"] ?? "";
    expect(text).toContain('outcome="overloaded"} 12345\n');
    expect(text).toContain('triptych_response_seconds{point="draft-c1",of="mean"} 0.123456789\n');
  });
});

describe("axes", () => {
  it("have round ticks, about five of them", () => {
    const saidOf = (axis: Axis): string =>
      ticks(axis)
        .map(({ said }) => said)
        .join(" ");
    expect(saidOf({ label: "", min: 0, max: 103 })).toBe("0 50 100");
    expect(saidOf({ label: "", min: 0, max: 9 })).toBe("0 2 4 6 8");
    expect(saidOf(axisOf("", []))).toBe("0.0 0.2 0.4 0.6 0.8 1.0");
    // What counts has no halves.
    expect(saidOf(axisOf("", [2], true))).toBe("0 1 2");
  });
});

describe("escapeMarkup", () => {
  it("escapes what has a meaning and replaces what is forbidden", () => {
    expect(escapeMarkup(`<a b="c" d='e'>&\u0001\ud83d\ude00`)).toBe(
      "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;\ufffd\ud83d\ude00",
    );
  });
});
