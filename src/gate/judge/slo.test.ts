import { describe, expect, it } from "vitest";
import type { PairBlock } from "../../bench/index.ts";
import type { CheckResult } from "../report/types.ts";
import { blocksOf, clipOf, evidenceOf, gateOf, halfOf } from "../testing/evidence.ts";
import { evaluateGate } from "./evaluate.ts";

/** What is said of a limit; twenty clips of 150 to 170 ms unless others are given. */
function judge(limit: string, blocks: readonly PairBlock[] = blocksOf(20, 0)): CheckResult | undefined {
  const gate = gateOf(`  slo:\n    a: { variant: draft, ${limit} }\n`);
  const { checks } = evaluateGate(gate, evidenceOf({ blocks }), { history: [] });
  return checks.find(({ name }) => name === "a");
}

describe("absolute limits", () => {
  it("are compared with bounds, and percentiles take enough clips", () => {
    expect(judge("metric: response, most: 200")?.verdict).toBe("passed");
    expect(judge("metric: response, most: 140")?.verdict).toBe("failed");
    expect(judge("metric: response, percentile: 50, most: 200")?.verdict).toBe("passed");
    expect(judge("metric: response, percentile: 99, most: 200")?.verdict).toBe("inconclusive");
    expect(judge("metric: throughput, least: 5")?.verdict).toBe("passed");
    expect(judge("metric: throughput, least: 10")?.verdict).toBe("failed");
    expect(judge("metric: memory, most: 1")?.verdict).toBe("inconclusive");
  });

  it("take the more clips the smaller a share of failures is", () => {
    const rate = (most: number, blocks?: readonly PairBlock[]) =>
      judge(`metric: failures, most: ${most}`, blocks);
    // None of twenty fails: it could still be 14 of 100.
    expect(rate(0.01)?.verdict).toBe("inconclusive");
    expect(rate(0.15)).toMatchObject({
      verdict: "passed",
      message: "failures 0.00 of all (0.00 to 0.14), at most 0.15",
    });
    expect(rate(0.01, blocksOf(299, 0))?.verdict).toBe("passed");
    const failed = Array.from({ length: 4 }, () => clipOf(60, { outcome: "inference-failed" }));
    const bad = [{ block: 0, halves: [halfOf("candidate", [clipOf(60), clipOf(60), ...failed])] }];
    expect(rate(0.01, bad)?.verdict).toBe("failed");
  });

  it("compare the memory that was reached as it is, without bounds that nothing carries", () => {
    const peakRssBytes = 3 * 2 ** 20;
    const process = { pid: 1, processes: 1, cores: 1, meanRssBytes: peakRssBytes, peakRssBytes };
    const blocks = blocksOf(20, 0, { resources: { process } });
    expect(judge("metric: memory, most: 4", blocks)).toMatchObject({
      verdict: "passed",
      message: "greatest memory of the blocks 3.00 MiB, at most 4",
    });
    expect(judge("metric: memory, most: 2", blocks)?.verdict).toBe("failed");
  });
});
