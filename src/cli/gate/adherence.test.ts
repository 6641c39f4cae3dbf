import { describe, expect, it } from "vitest";
import { scoresOf } from "./adherence.ts";

describe("an answer of a program that judges", () => {
  it("counts right or wrong where it says so, and else the score", () => {
    expect(scoresOf('[{"right": true}, {"right": false}, {"score": 0.25}]', 3)).toEqual([1, 0, 0.25]);
    expect(scoresOf('[{"right": false, "score": 0.9}, {"right": true, "score": 0.4}]', 2)).toEqual([0, 1]);
  });

  it.each([
    '[{"right": false, "score": 1}]',
    '[{"right": true, "score": 0}]',
    '[{"right": true, "score": 7}]',
    '[{"right": "yes", "score": 1}]',
    '[{"score": "0.9"}]',
    "[{}]",
    "[]",
    "{}",
    "hello",
  ])("is refused where it contradicts itself or says nothing: %s", (answer) => {
    expect(() => scoresOf(answer, 1)).toThrow();
  });
});
