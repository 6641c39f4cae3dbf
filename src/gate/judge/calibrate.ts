import type { PairBlock } from "../../bench/index.ts";
import { TriptychError } from "../../errors/index.ts";
import { fewestToFail, relativeRisk } from "../file/risk.ts";
import { type Gate, measuredVariants } from "../file/types.ts";
import { type Proposal, propose, smallestEffect } from "../stats/power.ts";
import { estimateRatio } from "../stats/verdict.ts";
import { isBroken, type Sifted, siftBlocks } from "./blocks.ts";
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
  /** Smallest slowdown that {@link shownBlocks} would show. */
  readonly smallest: number;
  /** For the effect that is to be caught; absent where this host cannot show it. */
  readonly proposal?: Proposal;
}

const METRICS = ["response", "text_encoder", "high_noise", "low_noise", "vae_decoder"] as const;

/** Blocks whose smallest effect is told: those of the first look, or of the second where the first cannot fail yet. */
export function shownBlocks(gate: Gate): number {
  return gate.blocks >= fewestToFail(gate) ? gate.blocks : gate.most;
}

function refuse(sifted: Sifted, few: number): void {
  const { usable, dropped } = sifted;
  if (!isBroken(sifted) && usable.length >= few) return;
  const message = `${dropped.length} of ${usable.length + dropped.length} blocks cannot be used, and ${few} are needed: ${dropped.slice(0, 3).join("; ")}`;
  throw new TriptychError("measurement-invalid", message, {
    hint: "measure when the machine is quieter, measure more blocks, or raise the gate's limits under host",
  });
}

/**
 * What a gate on this host can see, by blocks in which both sides are the same build.
 *
 * @throws TriptychError `measurement-invalid` where too many blocks had to be left out
 */
export function calibrate(gate: Gate, blocks: readonly PairBlock[], effect: number): Calibration[] {
  const sifted = siftBlocks(blocks, gate.host);
  const few = fewestToFail(gate);
  refuse(sifted, few);
  const { usable } = sifted;
  const risk = relativeRisk(gate);
  return measuredVariants(gate).flatMap((variant) =>
    METRICS.flatMap((metric) => {
      const logs = logRatios(usable, { variant, metric, statistic: "median" });
      if (logs.length < few) return [];
      const { spread, ratio } = estimateRatio(logs, risk);
      const proposal = propose(logs, effect, risk);
      const smallest = smallestEffect(spread, shownBlocks(gate));
      const found = { variant, metric, blocks: logs.length, spread, ratio, smallest };
      return [{ ...found, ...(proposal === undefined ? {} : { proposal }) }];
    }),
  );
}
