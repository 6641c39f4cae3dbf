import { describe, expect, it } from "vitest";
import type { ModelCounts, PairBlock } from "../../bench/index.ts";
import { blocksOf, clipOf, evidenceOf, gateOf, halfOf } from "../testing/evidence.ts";
import { evaluateGate } from "./evaluate.ts";

const NOTHING = { history: [] };

describe("calls of each model", () => {
  const gate = gateOf("  exact:\n    calls: { variant: draft, metric: calls }\n");
  const none = ["0", "0"] as const;
  const called = (model: string, count: number): ModelCounts => ({
    ...{ model, inferences: `${count}`, executions: `${count}`, success: [`${count}`, "0"] },
    ...{ fail: none, queue: none, input: none, infer: none, output: none },
  });
  const counted = [called("draft_stream", 1), called("draft_low_noise", 4), called("text_encoder", 1)];
  const judge = (blocks: readonly PairBlock[], other = gate) =>
    evaluateGate(other, evidenceOf({ blocks }), NOTHING).checks.find(({ name }) => name === "calls");

  it("are those a clip, however many blocks there were", () => {
    expect(judge(blocksOf(20, 0, { models: counted }))).toMatchObject({
      verdict: "passed",
      value: "draft_low_noise 4, draft_stream 1, text_encoder 1",
    });
    const more = blocksOf(3, 0, { models: counted }).map(({ block, halves: [base, candidate] }) => ({
      block,
      halves: [base, { ...candidate, models: [called("draft_stream", 1), called("draft_low_noise", 5)] }],
    })) as PairBlock[];
    expect(judge(more)).toMatchObject({
      verdict: "failed",
      message: "draft_low_noise 4, text_encoder 1 became draft_low_noise 5",
    });
  });

  it("are not told by blocks that broke, on whichever side and in whatever moment", () => {
    const whole = blocksOf(4, 0, { models: counted });
    const gone = clipOf(60, { outcome: "unreachable" });
    const broken = [
      // The server went after its last clip and before its counters were read.
      {
        block: 4,
        halves: [halfOf("base", [clipOf(60)], { models: counted }), halfOf("candidate", [clipOf(60)])],
      },
      { block: 5, halves: [halfOf("base", [gone]), halfOf("candidate", [gone])] },
    ];
    expect(judge([...whole, ...broken])?.verdict).toBe("passed");
    expect(evaluateGate(gate, evidenceOf({ blocks: [...whole, ...broken] }), NOTHING).verdict).toBe(
      "invalid",
    );
    expect(judge(broken)).toMatchObject({ verdict: "inconclusive", message: "nothing was measured" });
  });

  it("are those of the variant, where several are measured", () => {
    const both = gateOf(
      "  exact:\n    calls: { variant: draft, metric: calls }\n    more: { variant: final, metric: calls }\n",
    );
    const models = [
      ...counted,
      called("final_stream", 1),
      called("final_low_noise", 10),
      called("text_encoder", 1),
    ];
    const clips = [clipOf(60), clipOf(90, { variant: "final" })];
    const blocks = [
      { block: 0, halves: [halfOf("base", clips, { models }), halfOf("candidate", clips, { models })] },
    ];
    const { checks } = evaluateGate(both, evidenceOf({ blocks }), NOTHING);
    expect(checks.find(({ name }) => name === "calls")?.value).toBe(
      "draft_low_noise 4, draft_stream 1, text_encoder 1",
    );
    expect(checks.find(({ name }) => name === "more")?.value).toBe(
      "final_low_noise 10, final_stream 1, text_encoder 1",
    );
  });
});
