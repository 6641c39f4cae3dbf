import type { PairBlock } from "../../bench/index.ts";
import { relativeRisk } from "../file/risk.ts";
import { type Gate, measuredVariants } from "../file/types.ts";
import { type Proposal, propose, smallestEffect } from "../stats/power.ts";
import { estimateRatio } from "../stats/verdict.ts";
import { siftBlocks } from "./blocks.ts";
import { logRatios } from "./relative.ts";

/** What an A/A run says of one metric on this host. */
export interface Calibration {
  readonly variant: string;
  readonly metric: "response" | "high_noise" | "low_noise" | "vae_decoder" | "text_encoder";
  readonly blocks: number;
  /** Of the paired logarithms. */
  readonly spread: number;
  /** What the same build seemed to differ by. */
  readonly ratio: number;
  /** Smallest slowdown that the gate's own number of blocks would show. */
  readonly smallest: number;
  /** For the effect that is to be caught; absent where this host cannot show it. */
  readonly proposal?: Proposal;
}

const METRICS = ["response", "text_encoder", "high_noise", "low_noise", "vae_decoder"] as const;

/** What a gate on this host can see, by blocks in which both sides are the same build. */
export function calibrate(gate: Gate, blocks: readonly PairBlock[], effect: number): Calibration[] {
  const { usable } = siftBlocks(blocks, gate.host);
  const risk = relativeRisk(gate);
  return measuredVariants(gate).flatMap((variant) =>
    METRICS.flatMap((metric) => {
      const logs = logRatios(usable, { variant, metric, statistic: "median" });
      if (logs.length < 2) return [];
      const { spread, ratio } = estimateRatio(logs, risk);
      const proposal = propose(logs, effect, risk);
      const smallest = smallestEffect(spread, gate.blocks);
      const found = { variant, metric, blocks: logs.length, spread, ratio, smallest };
      return [{ ...found, ...(proposal === undefined ? {} : { proposal }) }];
    }),
  );
}
