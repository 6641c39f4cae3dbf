import type { Sample } from "../../bench/index.ts";
import type { GateCheck } from "../file/types.ts";
import type { CheckResult } from "../report/types.ts";
import { meanOf } from "./blocks.ts";
import { checkFields } from "./check-fields.ts";

type QualityCheck = GateCheck<"quality">;

/** What each clip of the candidate has of a metric; none of adherence, which a program judges. */
export function qualityValues(check: QualityCheck, samples: readonly Sample[]): number[] {
  const mine = samples.filter(({ variant }) => variant === check.variant);
  return mine.flatMap(({ sides, likeness }) => {
    const { candidate } = sides;
    if (candidate === undefined) return [];
    if (check.metric === "finite") return [candidate.sound ? 1 : 0];
    if (check.metric === "flicker") return [candidate.flicker];
    const other = likeness.find(({ against }) => against === (check.against ?? "base"));
    if (other === undefined || check.metric === "adherence") return [];
    return [other[check.metric]];
  });
}

const text = (value: number): string => (Number.isFinite(value) ? value.toFixed(3) : "equal");

function limitsOf(
  check: QualityCheck,
  values: readonly number[],
): (readonly [said: string, holds: boolean])[] {
  const [worst, most, mean] = [Math.min(...values), Math.max(...values), meanOf(values)];
  const least = check.metric === "finite" ? 1 : check.least;
  return [
    ...(least === undefined ? [] : [[`worst ${text(worst)}, at least ${least}`, worst >= least] as const]),
    ...(check.leastMean === undefined
      ? []
      : [[`mean ${text(mean)}, at least ${check.leastMean}`, mean >= check.leastMean] as const]),
    ...(check.most === undefined
      ? []
      : [[`greatest ${text(most)}, at most ${check.most}`, most <= check.most] as const]),
  ];
}

/** Judges what the clips are like: the worst of them, and their mean. */
export function judgeQuality(
  check: QualityCheck,
  samples: readonly Sample[],
  adherence: Readonly<Record<string, number>>,
): CheckResult {
  const share = adherence[check.name];
  const values = share === undefined ? qualityValues(check, samples) : [share];
  const result = (verdict: CheckResult["verdict"], message: string): CheckResult => ({
    ...checkFields(check),
    verdict,
    message,
    // Equal clips have an infinite PSNR, which JSON cannot say.
    ...(Number.isFinite(Math.min(...values)) ? { value: Math.min(...values) } : {}),
  });
  if (values.length === 0) return result("inconclusive", "no clips to compare");
  const limits = limitsOf(check, values);
  const verdict = limits.every(([, holds]) => holds) ? "passed" : "failed";
  const clips = share === undefined ? `, ${values.length} clips` : "";
  return result(verdict, `${limits.map(([said]) => said).join("; ")}${clips}`);
}
