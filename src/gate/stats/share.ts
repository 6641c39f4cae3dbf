import { PASS_RISK } from "./verdict.ts";

/** Halvings of an interval of length 1 until numbers have no more digits. */
const HALVINGS = 60;

/** Chance of so many or fewer among n, where each happens with a chance p on its own. */
function atMost(count: number, n: number, p: number): number {
  // By logarithms: the first term of many is too small to be a number.
  let log = n * Math.log1p(-p);
  let sum = Math.exp(log);
  for (let k = 1; k <= count; k += 1) {
    log += Math.log((n - k + 1) / k) + Math.log(p) - Math.log1p(-p);
    sum += Math.exp(log);
  }
  return sum;
}

/** The p from which on something that becomes true stays true. */
function from(isTrue: (p: number) => boolean): number {
  let [low, high] = [0, 1];
  for (let round = 0; round < HALVINGS; round += 1) {
    const middle = (low + high) / 2;
    if (isTrue(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** A share with bounds. */
export interface Share {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The share that happens, by how often it did among n, with the exact binomial bounds of Clopper and Pearson. Each bound
 * is wrong with at most the given risk on its own side.
 */
export function shareBounds(count: number, n: number, risk: number = PASS_RISK): Share {
  return {
    value: count / n,
    low: count === 0 ? 0 : from((p) => 1 - atMost(count - 1, n, p) > risk),
    high: count === n ? 1 : from((p) => atMost(count, n, p) <= risk),
  };
}
