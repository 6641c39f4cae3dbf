import { TriptychError } from "../../errors/index.ts";

const distributions = new Map<number, Float64Array>();

/** More pairs than a gate ever takes: the table of n pairs has n² / 2 entries. */
const MOST_PAIRS = 1000;

/**
 * Distribution of the signed-rank sum of n pairs that do not differ: at each sum, the probability of that sum or less.
 * Exact for any n, so that no normal approximation is needed where it would matter, which is with few pairs.
 */
export function signedRankDistribution(n: number): Float64Array {
  if (n > MOST_PAIRS) throw new TriptychError("usage", `expected ${MOST_PAIRS} pairs at most, got ${n}.`);
  const known = distributions.get(n);
  if (known !== undefined) return known;
  const made = cumulate(probabilities(n));
  distributions.set(n, made);
  return made;
}

/** Each rank counts or does not, with equal chances. */
function probabilities(n: number): Float64Array {
  const share = new Float64Array((n * (n + 1)) / 2 + 1);
  share[0] = 1;
  for (let rank = 1; rank <= n; rank += 1) {
    for (let sum = (rank * (rank + 1)) / 2; sum >= 0; sum -= 1) {
      share[sum] = ((share[sum] ?? 0) + (sum >= rank ? (share[sum - rank] ?? 0) : 0)) / 2;
    }
  }
  return share;
}

function cumulate(share: Float64Array): Float64Array {
  let sum = 0;
  return share.map((part) => {
    sum += part;
    return sum;
  });
}

/** Means of all pairs of values, each with itself too, in ascending order. */
export function walshAverages(values: readonly number[]): Float64Array {
  const n = values.length;
  const averages = new Float64Array((n * (n + 1)) / 2);
  let at = 0;
  for (let i = 0; i < n; i += 1) {
    for (let j = i; j < n; j += 1) {
      averages[at] = ((values[i] ?? 0) + (values[j] ?? 0)) / 2;
      at += 1;
    }
  }
  return averages.sort();
}

function median(sorted: Float64Array): number {
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** The centre of differences by the Hodges-Lehmann estimator: the median of their Walsh averages. */
export function hodgesLehmann(values: readonly number[]): number {
  return median(walshAverages(values));
}

/**
 * Bounds of the centre of symmetric differences by inverting Wilcoxon's signed-rank test. Each bound is wrong with
 * at most the given risk on its own side.
 *
 * @returns Undefined where so few values carry no bound at that risk.
 */
export function signedRankBounds(
  values: readonly number[],
  risk: number,
): { readonly low: number; readonly high: number } | undefined {
  const below = signedRankDistribution(values.length);
  // The greatest sum that is at most as likely as the risk, and everything less with it.
  const beyond = below.findLastIndex((probability) => probability <= risk);
  if (beyond < 0) return undefined;
  const averages = walshAverages(values);
  return {
    low: averages[beyond] ?? Number.NaN,
    high: averages[averages.length - 1 - beyond] ?? Number.NaN,
  };
}

/** Fewest pairs that can carry a bound at a risk: all of them on one side must be less likely than it. */
export function fewestPairs(risk: number): number {
  return Math.ceil(-Math.log2(risk));
}
