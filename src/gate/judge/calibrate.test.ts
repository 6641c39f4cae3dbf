import { describe, expect, it } from "vitest";
import { isTriptychError } from "../../errors/index.ts";
import { blocksOf, gateOf } from "../testing/evidence.ts";
import { calibrate, shownBlocks } from "./calibrate.ts";

const gate = gateOf("  relative:\n    speed: { variant: draft, metric: response, tolerance: 0.1 }\n");

describe("a calibration", () => {
  it("tells what the blocks show that can fail a candidate", () => {
    expect([shownBlocks(gate), shownBlocks({ ...gate, blocks: 6 })]).toEqual([20, 40]);
    const [found] = calibrate(gate, blocksOf(20, 0), 0.1);
    const [more] = calibrate({ ...gate, blocks: 6 }, blocksOf(20, 0), 0.1);
    expect(more?.smallest).toBeLessThan(found?.smallest ?? 0);
    expect(found?.proposal?.blocks).toBeGreaterThanOrEqual(8);
  });

  it("proposes nothing by fewer blocks than tell anything, or by a machine that was in the way", () => {
    const stalled = blocksOf(20, 0, { generator: { utilization: 0.1, loopDelayP99Ms: 900 } });
    for (const blocks of [blocksOf(2, 0), stalled])
      expect(() => calibrate(gate, blocks, 0.1)).toThrow(
        expect.toSatisfy((reason) => isTriptychError(reason, "measurement-invalid")),
      );
  });
});
