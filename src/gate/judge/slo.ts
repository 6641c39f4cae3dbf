import { bootstrap, type PairBlock, type PairClip, percentile } from "../../bench/index.ts";
import type { GateCheck } from "../file/types.ts";
import type { CheckResult } from "../report/types.ts";
import { shareBounds } from "../stats/share.ts";
import type { Verdict } from "../stats/verdict.ts";
import { halfOf, meanOf } from "./blocks.ts";
import { checkFields } from "./check-fields.ts";

type SloCheck = GateCheck<"slo">;

/** A value with bounds; without them it cannot be told from its limit. */
interface Bounded {
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
}

const MIB = 2 ** 20;

function clipsOf(blocks: readonly PairBlock[], variant: string) {
  return blocks.flatMap((block) =>
    (halfOf(block, "candidate")?.clips ?? []).filter((clip) => clip.variant === variant),
  );
}

function meanBounded(values: readonly number[], statistic = meanOf): Bounded | undefined {
  if (values.length === 0) return undefined;
  return bootstrap(values, statistic) ?? { value: statistic(values) };
}

function responseOf(check: SloCheck, times: readonly number[]): Bounded | undefined {
  if (check.percentile === undefined) return meanBounded(times);
  return percentile(Float64Array.from(times).sort(), check.percentile);
}

function memoryOf(blocks: readonly PairBlock[]): Bounded | undefined {
  const peaks = blocks.flatMap((block) => halfOf(block, "candidate")?.resources.process?.peakRssBytes ?? []);
  if (peaks.length === 0) return undefined;
  return { value: Math.max(...peaks) / MIB };
}

function failuresOf(clips: readonly PairClip[]): Bounded | undefined {
  const failed = clips.filter(({ outcome }) => outcome !== "ok").length;
  return clips.length === 0 ? undefined : shareBounds(failed, clips.length);
}

function measured(check: SloCheck, blocks: readonly PairBlock[]): Bounded | undefined {
  if (check.metric === "memory") return memoryOf(blocks);
  const clips = clipsOf(blocks, check.variant);
  if (check.metric === "failures") return failuresOf(clips);
  const times = clips.filter(({ outcome }) => outcome === "ok").map(({ responseMs }) => responseMs);
  // One clip at a time: the rate is the inverse of the mean time.
  if (check.metric === "throughput") return meanBounded(times, (some) => 1000 / meanOf(some));
  return responseOf(check, times);
}

function verdictFor({ most, least }: SloCheck, { low, high }: Bounded): Verdict {
  if (low === undefined || high === undefined) return "inconclusive";
  if ((most !== undefined && low > most) || (least !== undefined && high < least)) return "failed";
  return (most === undefined || high <= most) && (least === undefined || low >= least)
    ? "passed"
    : "inconclusive";
}

const UNITS = { response: "ms", throughput: "clips/s", failures: "of all", memory: "MiB" } as const;

/** What is said of a metric other than its name. */
const WORDS: Readonly<Record<string, string>> = { memory: "greatest memory of the blocks" };

/** Judges an absolute limit by the bounds of what was measured of the candidate. */
export function judgeSlo(check: SloCheck, blocks: readonly PairBlock[]): CheckResult {
  const found = measured(check, blocks);
  const result = (verdict: Verdict, message: string): CheckResult => ({
    ...checkFields(check),
    verdict,
    message,
    ...(found === undefined ? {} : { value: found.value }),
  });
  const what =
    WORDS[check.metric] ?? (check.percentile === undefined ? check.metric : `p${check.percentile}`);
  if (found === undefined) return result("inconclusive", `${what}: too few clips`);
  const { value, low, high } = found;
  const bounds = low === undefined || high === undefined ? "" : ` (${low.toFixed(2)} to ${high.toFixed(2)})`;
  const limits = [
    ...(check.most === undefined ? [] : [`at most ${check.most}`]),
    ...(check.least === undefined ? [] : [`at least ${check.least}`]),
  ];
  return result(
    // A peak that was reached was reached: its limit takes no bounds.
    verdictFor(check, check.metric === "memory" ? { value, low: value, high: value } : found),
    `${what} ${value.toFixed(2)} ${UNITS[check.metric]}${bounds}, ${limits.join(", ")}`,
  );
}
