import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isTriptychError } from "../../errors/index.ts";
import { type PipelineSpec, parseSpec } from "../../spec/index.ts";
import { parseGate } from "./parse.ts";
import { measuredVariants, sampledVariants } from "./types.ts";

const HEAD = "version: 1\nname: g\nspec: s.yaml\nprompts: [a]\nchecks:\n";

const { variants } = parseSpec(readFileSync("configs/wan-tiny.yaml", "utf8"), "configs/wan-tiny.yaml");

/** The findings about a gate's checks, as `line:column message (hint)`. */
function findingsOf(
  checks: string,
  head = HEAD,
  spec: Pick<PipelineSpec, "variants"> = { variants },
): string[] {
  try {
    parseGate(head + checks, "g.yaml").requireVariants(spec);
    return [];
  } catch (reason) {
    if (!isTriptychError(reason, "gate-invalid")) throw reason;
    return (reason.details.findings ?? []).map(
      ({ position, message, hint = "" }) => `${position?.line}:${position?.column} ${message} (${hint})`,
    );
  }
}

describe("a gate file", () => {
  it("has defaults, and variants by what is done with them", () => {
    const { gate } = parseGate(
      `${HEAD}  relative:\n    a: { variant: draft, metric: response, tolerance: 0.1 }\n  exact:\n    b: { variant: final, metric: video }\n    c: { variant: light, metric: calls }\n`,
      "g.yaml",
    );
    expect(gate).toMatchObject({
      blocks: 20,
      most: 40,
      clips: 2,
      samples: 4,
      seed: 1,
      deadlineMs: 3_600_000,
    });
    expect(gate.host).toEqual({ steal: 0.05, others: 0.2, timers: 0.2 });
    expect(gate.checks.relative).toEqual([
      { name: "a", layer: "relative", variant: "draft", metric: "response", tolerance: 0.1 },
    ]);
    expect(measuredVariants(gate)).toEqual(["draft", "light"]);
    expect(sampledVariants(gate)).toEqual(["final"]);
  });

  it("refuses what is misnamed, with its place and what was meant", () => {
    expect(findingsOf("  relative:\n    a: { variant: draft, metric: respons, tolerance: 0.1 }\n")).toEqual([
      expect.stringMatching(/^7:26 .*expected one of response, .* \(did you mean "response"\?\)$/),
    ]);
    expect(findingsOf("  relative:\n    a: { variant: draf, metric: response, tolerance: 0.1 }\n")).toEqual([
      '7:10 checks.relative.a.variant: the spec has no variant "draf" (did you mean "draft"?)',
    ]);
    expect(findingsOf("  relativ:\n    a: { variant: draft, metric: response, tolerance: 0.1 }\n")).toEqual([
      expect.stringContaining('(did you mean "relative"?)'),
    ]);
  });

  it("refuses checks that could never fail, and names that say two things", () => {
    const found = findingsOf(
      "  slo:\n    a: { variant: draft, metric: response }\n    b: { variant: draft, metric: memory, percentile: 95, most: 1 }\n  quality:\n    a: { variant: draft, metric: psnr }\n    c: { variant: draft, metric: adherence, least: 1 }\n",
    );
    expect(found).toEqual([
      expect.stringMatching(/^7:5 .*another layer has a check of this name/),
      expect.stringMatching(/^7:5 .*expected a limit/),
      expect.stringMatching(/^8:5 .*no percentile of memory/),
      expect.stringMatching(/^10:5 .*expected a limit/),
      expect.stringMatching(/^11:5 .*the program that judges/),
    ]);
  });

  it("refuses layers without a check, and names of its own results", () => {
    expect(findingsOf("  slo: {}\n")).toEqual([
      expect.stringMatching(/^6:3 checks\.slo: expected a check, got none/),
    ]);
    expect(findingsOf("  {}\n")).toEqual([expect.stringMatching(/checks: expected a check/)]);
    for (const name of ["requests", "host", "run"])
      expect(findingsOf(`  exact:\n    ${name}: { variant: draft, metric: frames }\n`)).toEqual([
        expect.stringMatching(/^7:5 .*every gate has a result of this name/),
      ]);
  });

  it("refuses limits and keys that a metric does not know", () => {
    const slo = (one: string) => findingsOf(`  slo:\n    a: { variant: draft, ${one} }\n`);
    expect(slo("metric: throughput, most: 5")).toEqual([
      '7:46 checks.slo.a.most: expected no such limit of throughput (throughput takes "least:")',
    ]);
    expect(slo("metric: response, least: 5")).toEqual([expect.stringContaining('takes "most:"')]);
    expect(slo("metric: failures, least: 0")).toEqual([expect.stringContaining('takes "most:"')]);
    const quality = (one: string) => findingsOf(`  quality:\n    a: { variant: draft, ${one} }\n`);
    expect(quality("metric: finite, least: 5")).toEqual([expect.stringContaining("finite takes no limit")]);
    expect(quality("metric: flicker, most: 5, against: final")).toEqual([
      expect.stringContaining("expected no against of flicker"),
    ]);
    expect(quality("metric: flicker, most: 5")).toEqual([]);
  });

  it("compares clips of variants only where nothing but precision differs", () => {
    const psnr = (against: string, spec = { variants }) =>
      findingsOf(
        `  quality:\n    a: { variant: draft, metric: psnr, against: ${against}, least: 20 }\n`,
        HEAD,
        spec,
      );
    expect(psnr("final")).toEqual([
      expect.stringMatching(/^7:\d+ .*the same weights, steps, solver, guidance \(/),
    ]);
    expect(psnr("draft")).toEqual([expect.stringContaining("another variant than the check's own")]);
    const { draft } = variants;
    if (draft === undefined) throw new TypeError("no draft");
    const { highNoise, lowNoise } = draft.experts;
    const exact = {
      ...draft,
      experts: {
        ...draft.experts,
        highNoise: { ...highNoise, precision: "fp32" as const },
        lowNoise: { ...lowNoise, precision: "fp32" as const },
      },
    };
    expect(psnr("exact", { variants: { draft, exact } })).toEqual([]);
    const shifted = { ...exact, sampler: { ...draft.sampler, shift: 3 } };
    expect(psnr("shifted", { variants: { draft, shifted } })).toEqual([
      expect.stringContaining("the same shift ("),
    ]);
  });

  it("refuses a trend that nothing can be told against", () => {
    const trend = "  trend:\n    a: { variant: draft, metric: response }\n";
    expect(findingsOf(trend)).toEqual([expect.stringMatching(/^7:5 .*earlier runs.*add "history: FILE"/)]);
    expect(findingsOf(trend, HEAD.replace("checks:", "history: h.ndjson\nchecks:"))).toEqual([]);
  });

  it("refuses numbers of blocks with which no relative check could fail", () => {
    const speed = (count: number) =>
      `  relative:\n${Array.from({ length: count }, (_, index) => `    a${index}: { variant: draft, metric: response, tolerance: 0.1 }\n`).join("")}`;
    const found = (more: string, count = 1) =>
      findingsOf(speed(count), HEAD.replace("prompts", `${more}\nprompts`));
    expect(found("blocks: 6\nmost: 6")).toEqual([
      '5:1 most: a relative check can fail from 7 blocks on, got 6 (set "most: 7" or more)',
    ]);
    expect(found("blocks: 7\nmost: 7")).toEqual([]);
    expect(found("blocks: 3")).toEqual([
      expect.stringMatching(/^4:1 blocks: .*twice, can fail from 8 .*got 6/),
    ]);
    expect(found("blocks: 4")).toEqual([]);
    expect(found("blocks: 8\nmost: 8", 5)).toEqual([
      expect.stringContaining("5 relative checks can fail from 9 blocks on, got 8"),
    ]);
    expect(found("blocks: 2\nmost: 1")).toEqual([expect.stringContaining("expected the 2 blocks or more")]);
  });

  it("says where the YAML is broken", () => {
    expect(() => parseGate("version: 1\nname: [", "g.yaml")).toThrow(/g\.yaml is not valid YAML/);
  });

  it("is what the guide shows, and what this project uses", () => {
    const guide = readFileSync("docs/gate.md", "utf8");
    const [, example = ""] = /```yaml\n([^]*?)```/.exec(guide) ?? [];
    expect(parseGate(example, "docs/gate.md").gate.checks.relative).toHaveLength(2);
    const own = parseGate(readFileSync("configs/gate-wan-tiny.yaml", "utf8"), "configs/gate-wan-tiny.yaml");
    expect(own.gate.checks.exact.length).toBeGreaterThan(0);
  });
});
