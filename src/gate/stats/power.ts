import { seededRandom } from "../../bench/index.ts";
import { estimateRatio, fewestBlocks, type Verdict, verdictOf } from "./verdict.ts";

/** Share of runs that are to end as they should. */
const POWER = 0.95;

/** Runs that are played for each number of blocks that is tried. */
const RUNS = 300;

/** Beyond it, the effect is too small for this host. */
const MOST_BLOCKS = 400;

/** Normal quantile of 95 %, and what the signed-rank test takes more than a t-test on normal data. */
const Z95 = 1.645;
const EFFICIENCY = Math.sqrt(Math.PI / 3);

/** What a gate needs to see a slowdown. */
export interface Proposal {
  readonly tolerance: number;
  readonly blocks: number;
}

/** Two thirds of the way: equal builds keep clear of it twice as far as slower ones do. */
function toleranceOf(effect: number): number {
  return Math.expm1((2 / 3) * Math.log1p(effect));
}

/**
 * Smallest slowdown that n blocks catch in 95 of 100 runs while equal builds pass, by the spread of the blocks: the
 * tolerance keeps clear of what equal builds show, and the slowdown keeps clear of the tolerance.
 */
export function smallestEffect(spread: number, n: number): number {
  return Math.expm1((3 * Z95 * EFFICIENCY * spread) / Math.sqrt(n));
}

/** How often a gate says something of a candidate that is slower by an effect, played with the blocks of an A/A run. */
export function playedShare(
  logs: readonly number[],
  wanted: Verdict,
  { blocks, tolerance, effect, risk }: Proposal & { readonly effect: number; readonly risk: number },
): number {
  const random = seededRandom(1, "power");
  // Both sides of an A/A run are the same build, so that each block may as well have come out the other way round.
  const draw = (): number =>
    (logs[Math.floor(random() * logs.length)] ?? 0) * (random() < 0.5 ? -1 : 1) + Math.log1p(effect);
  let count = 0;
  for (let run = 0; run < RUNS; run += 1) {
    const estimate = estimateRatio(Array.from({ length: blocks }, draw), risk);
    if (verdictOf(estimate, tolerance) === wanted) count += 1;
  }
  return count / RUNS;
}

/**
 * Blocks and tolerance that catch a slowdown in 95 of 100 runs while equal builds pass in as many, found by playing the
 * gate with the blocks of an A/A run.
 *
 * @returns Undefined where no sensible number of blocks shows so small an effect on this host.
 */
export function propose(logs: readonly number[], effect: number, risk: number): Proposal | undefined {
  const tolerance = toleranceOf(effect);
  const { spread } = estimateRatio(logs, risk);
  const least = (3 * Z95 * EFFICIENCY * spread) / Math.log1p(effect);
  let blocks = Math.max(fewestBlocks(risk), Math.ceil(least ** 2));
  const does = (wanted: Verdict, actual: number): boolean =>
    playedShare(logs, wanted, { blocks, tolerance, effect: actual, risk }) >= POWER;
  while (blocks <= MOST_BLOCKS) {
    if (does("failed", effect) && does("passed", 0)) return { blocks, tolerance };
    blocks += Math.max(1, Math.round(blocks / 10));
  }
  return undefined;
}
