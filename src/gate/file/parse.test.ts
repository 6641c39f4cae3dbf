import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isTriptychError } from "../../errors/index.ts";
import { parseGate } from "./parse.ts";
import { measuredVariants, sampledVariants } from "./types.ts";

const HEAD = "version: 1\nname: g\nspec: s.yaml\nprompts: [a]\nchecks:\n";

/** The findings about a gate's checks, as `line:column message (hint)`. */
function findingsOf(checks: string, variants: readonly string[] = ["draft", "final"]): string[] {
  const contract = {
    variants: Object.fromEntries(
      variants.map((name) => [name, { ensemble: name, stream: name, steps: [4], guidance: false }]),
    ),
  };
  try {
    parseGate(HEAD + checks, "g.yaml").requireVariants(contract);
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
