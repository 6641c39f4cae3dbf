import { fewestPairs, hodgesLehmann, signedRankBounds } from "./signed-rank.ts";

/** What a check says. `invalid`: the run broke, and says nothing about what was measured. */
export type Verdict = "passed" | "failed" | "inconclusive" | "invalid";

/** Highest chance that a gate fails a build that is no slower, over all its relative checks and looks. */
export const FAMILY_RISK = 0.01;

/** Highest chance that one check passes a build that is slower by more than its tolerance. */
export const PASS_RISK = 0.05;

/** How much slower a candidate is than its base, as ratios: 1.1 is 10 % more. */
export interface RatioEstimate {
  /** Pairs of blocks. */
  readonly n: number;
  /** Hodges-Lehmann estimate. */
  readonly ratio: number;
  /** The candidate takes at least this, but for the risk of failing; absent where n is too small to tell. */
  readonly atLeast?: number;
  /** The candidate takes at most this, but for the risk of passing. */
  readonly atMost?: number;
  /** Standard deviation of the paired logarithms. */
  readonly spread: number;
}

/** The risk of each of several checks that are looked at several times (Bonferroni). */
export function riskOf(checks: number, looks: number): number {
  return FAMILY_RISK / Math.max(1, checks * looks);
}

function deviation(values: readonly number[]): number {
  const centre = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1));
}

/**
 * Estimates a ratio of candidate to base from the logarithms of the ratios of the blocks.
 *
 * @param risk - Chance that the lower bound is too high.
 */
export function estimateRatio(logs: readonly number[], risk: number): RatioEstimate {
  const low = signedRankBounds(logs, risk)?.low;
  const high = signedRankBounds(logs, PASS_RISK)?.high;
  return {
    n: logs.length,
    ratio: Math.exp(hodgesLehmann(logs)),
    ...(low === undefined ? {} : { atLeast: Math.exp(low) }),
    ...(high === undefined ? {} : { atMost: Math.exp(high) }),
    spread: deviation(logs),
  };
}

/**
 * Fails where the candidate is slower for certain and by more than the tolerance, passes where it is for certain not
 * slower by more than the tolerance, and else says that the data allow neither.
 */
export function verdictOf({ ratio, atLeast, atMost }: RatioEstimate, tolerance: number): Verdict {
  const limit = 1 + tolerance;
  if (atLeast !== undefined && atLeast > 1 && ratio > limit) return "failed";
  return atMost !== undefined && atMost < limit ? "passed" : "inconclusive";
}

/** Blocks that it takes to carry both bounds. */
export function fewestBlocks(risk: number): number {
  return Math.max(fewestPairs(risk), fewestPairs(PASS_RISK));
}
