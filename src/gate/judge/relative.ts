import type { HalfBlock, PairBlock } from "../../bench/index.ts";
import type { GateCheck } from "../file/types.ts";
import type { CheckResult } from "../report/types.ts";
import { estimateRatio, fewestBlocks, type RatioEstimate, verdictOf } from "../stats/verdict.ts";
import type { Accepted } from "./accepted.ts";
import { goodClips, halfOf, meanOf, medianOf } from "./blocks.ts";
import { checkFields } from "./check-fields.ts";

type RelativeCheck = GateCheck<"relative">;

/** What one half of a block says of a metric; undefined where it has no data of it. */
function valueOf(
  half: HalfBlock | undefined,
  check: Pick<RelativeCheck, "variant" | "metric" | "statistic">,
) {
  if (check.metric === "memory") return half?.resources.process?.peakRssBytes;
  const { metric } = check;
  const values = goodClips(half, check.variant).flatMap((clip) => {
    const found = metric === "response" ? clip.responseMs : clip.stages?.[metric]?.[1];
    return found === undefined || found <= 0 ? [] : [found];
  });
  if (values.length === 0) return undefined;
  return check.statistic === "mean" ? meanOf(values) : medianOf(values);
}

/** Logarithms of the ratios of candidate to base, of the blocks that have both. */
export function logRatios(
  blocks: readonly PairBlock[],
  check: Pick<RelativeCheck, "variant" | "metric" | "statistic">,
): number[] {
  return blocks.flatMap((block) => {
    const [base, candidate] = (["base", "candidate"] as const).map((side) =>
      valueOf(halfOf(block, side), check),
    );
    return base === undefined || candidate === undefined ? [] : [Math.log(candidate / base)];
  });
}

const percent = (ratio: number): string =>
  `${ratio >= 1 ? "+" : "−"}${Math.abs(100 * (ratio - 1)).toFixed(1)} %`;

/** An estimate in words, such as `+12.0 % (+8.1 % to +15.2 %), 20 blocks`. */
export function estimateText({ n, ratio, atLeast, atMost }: RatioEstimate): string {
  if (n === 0) return "not told by any block";
  return `${percent(ratio)} (${boundsText(atLeast, atMost)}), ${n} blocks`;
}

/** It takes fewer blocks to bound a ratio from above, by which checks pass, than from below, by which they fail. */
function boundsText(atLeast: number | undefined, atMost: number | undefined): string {
  if (atMost === undefined) return "too few blocks for bounds";
  return atLeast === undefined ? `at most ${percent(atMost)}` : `${percent(atLeast)} to ${percent(atMost)}`;
}

/** A ratio next to one that was accepted for this base. */
function nextTo(estimate: RatioEstimate, accepted: number): RatioEstimate {
  const { atLeast, atMost } = estimate;
  return {
    ...estimate,
    ratio: estimate.ratio / accepted,
    ...(atLeast === undefined ? {} : { atLeast: atLeast / accepted }),
    ...(atMost === undefined ? {} : { atMost: atMost / accepted }),
  };
}

/** Risk and identity that relative checks are judged with. */
export interface RelativeSettings {
  /** Chance that a check fails a candidate that is no slower. */
  readonly risk: number;
  readonly accepted: Accepted;
}

/** Judges one relative check. */
export function judgeRelative(
  check: RelativeCheck,
  blocks: readonly PairBlock[],
  { risk, accepted }: RelativeSettings,
): CheckResult {
  const estimate = estimateRatio(logRatios(blocks, check), risk);
  const known = accepted.ratioOf(check.name);
  const verdict = verdictOf(known === undefined ? estimate : nextTo(estimate, known.value), check.tolerance);
  const few = fewestBlocks(risk);
  const short = verdict === "inconclusive" && estimate.n < few ? `; ${few} blocks take a verdict` : "";
  return {
    ...checkFields(check),
    verdict,
    message: `${check.metric} ${estimateText(estimate)}; tolerance ${percent(1 + check.tolerance)}${short}`,
    // Nothing to divide: a value that is no number is none.
    ...(estimate.n === 0 ? {} : { value: estimate.ratio, estimate }),
    ...(known === undefined ? {} : { accepted: known.reason }),
  };
}
