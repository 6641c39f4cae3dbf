import type { PairBlock } from "../../bench/index.ts";
import type { GateCheck } from "../file/types.ts";
import type { CheckResult } from "../report/types.ts";
import { goodClips, halfOf, medianOf } from "./blocks.ts";
import { checkFields } from "./check-fields.ts";

type TrendCheck = GateCheck<"trend">;

/** One earlier run: medians of the candidate by check. */
export interface HistoryEntry {
  readonly at: string;
  readonly host: string;
  readonly configuration: string;
  readonly medians: Readonly<Record<string, number>>;
}

/** Fewer runs have no spread to speak of. */
const FEWEST = 10;

/** The median of a trend's metric over all clips of the candidate. */
export function trendMedian(check: TrendCheck, blocks: readonly PairBlock[]): number | undefined {
  const { metric } = check;
  const values = blocks.flatMap((block) =>
    goodClips(halfOf(block, "candidate"), check.variant).flatMap(
      (clip) => (metric === "response" ? clip.responseMs : clip.stages?.[metric]?.[1]) ?? [],
    ),
  );
  return values.length === 0 ? undefined : medianOf(values);
}

function quartile(sorted: readonly number[], share: number): number {
  return sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN;
}

/** Tells whether a value lies among those of earlier runs on this host: median ± 3 interquartile ranges. */
export function judgeTrend(
  check: TrendCheck,
  blocks: readonly PairBlock[],
  history: readonly HistoryEntry[],
  now: Pick<HistoryEntry, "host" | "configuration">,
): CheckResult {
  const value = trendMedian(check, blocks);
  const earlier = history
    .filter(({ host, configuration }) => host === now.host && configuration === now.configuration)
    .flatMap(({ medians }) => medians[check.name] ?? [])
    .sort((a, b) => a - b);
  const result = (verdict: CheckResult["verdict"], message: string): CheckResult => ({
    ...checkFields({ ...check, severity: "warn" }),
    verdict,
    message,
    ...(value === undefined ? {} : { value }),
  });
  if (value === undefined) return result("inconclusive", "nothing was measured");
  const said = `median ${value.toFixed(1)} ms`;
  if (earlier.length < FEWEST)
    return result("inconclusive", `${said}; ${earlier.length} earlier runs here, ${FEWEST} show a trend`);
  const range = 3 * (quartile(earlier, 0.75) - quartile(earlier, 0.25));
  const [low, high] = [medianOf(earlier) - range, medianOf(earlier) + range];
  const text = `${said}; ${earlier.length} earlier runs here lie within ${low.toFixed(1)} to ${high.toFixed(1)} ms`;
  return result(value > high ? "failed" : "passed", text);
}
