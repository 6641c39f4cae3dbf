import { expect, it } from "vitest";
import type { ModelStatistics } from "../../client/index.ts";
import { TriptychError } from "../../errors/index.ts";
import type { Target } from "../run/target.ts";
import { runPairs } from "./run-pairs.ts";

/** A server that has answered a thousand calls before, and one each time it is asked; some readings fail. */
function targetOf(failing: readonly number[]): Target {
  let [calls, readings] = [1000n, 0];
  const counted = () => ({ count: calls, ns: calls });
  const none = { count: 0n, ns: 0n };
  return {
    endpoint: "127.0.0.1:1",
    send: async () => {
      calls += 1n;
      return Promise.resolve({ outcome: "ok" as const });
    },
    statistics: async () => {
      readings += 1;
      if (failing.includes(readings)) throw new TriptychError("unreachable", "gone for a moment");
      const durations = { success: counted(), fail: none, queue: none, computeInput: none };
      const more = { computeInfer: counted(), computeOutput: none };
      const reading = { name: "m", inferenceCount: calls, executionCount: calls, ...durations, ...more };
      return Promise.resolve([reading as unknown as ModelStatistics]);
    },
    sample: () => Promise.reject(new TypeError("nobody asks for it")),
    metadata: () => Promise.reject(new TypeError("nobody asks for it")),
    close: async () => Promise.resolve(),
  };
}

it("counts no calls in half a block whose counters could not be read before or after it", async () => {
  const blocks = await runPairs({
    sides: [{ name: "candidate", target: targetOf([3, 6]) }],
    ...{ variants: ["draft"], prompts: ["a"], seed: 1, clips: 1, warmUp: 0 },
    more: (so) => so.length < 3,
  });
  const calls = blocks.map(({ halves }) => halves[0]?.models.map(({ success }) => success[0]));
  expect(calls).toEqual([["1"], [], []]);
});
