/** A percentile with the bounds that n values carry: each is passed with 95 % certainty on its own. */
export interface Percentile {
  /** Such as 95. */
  readonly p: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Most that a bound may be wrong, on its own side. */
const RISK = 0.05;

/** Fewest independent values of which one lies above the percentile with 95 % certainty: 5, 29, 59, 299, 2995. */
export function fewestFor(p: number): number {
  return Math.ceil(Math.log(RISK) / Math.log(p / 100));
}

/** Below this share of the largest term, terms of a binomial sum no longer matter. */
const NEGLIGIBLE = 1e-18;

interface Terms {
  readonly first: number;
  readonly terms: readonly number[];
}

/** Terms of the binomial distribution around its peak; taken from there, no term is too small to begin with. */
function binomialTerms(n: number, q: number): Terms {
  const peak = Math.min(n, Math.floor((n + 1) * q));
  const odds = q / (1 - q);
  const below: number[] = [];
  for (let k = peak, term = 1; k > 0 && term > NEGLIGIBLE; k -= 1) {
    term *= k / ((n - k + 1) * odds);
    below.push(term);
  }
  const above: number[] = [];
  for (let k = peak, term = 1; k < n && term > NEGLIGIBLE; k += 1) {
    term *= ((n - k) * odds) / (k + 1);
    above.push(term);
  }
  return { first: peak - below.length, terms: [...below.reverse(), 1, ...above] };
}

/** Ranks, counted from 1, of the order statistics that bound a percentile of n values. */
export function boundRanks(n: number, p: number): { readonly low: number; readonly high: number } {
  const { first, terms } = binomialTerms(n, p / 100);
  const total = terms.reduce((sum, term) => sum + term, 0);
  let sum = 0;
  let low = 1;
  let high = n;
  for (const [offset, term] of terms.entries()) {
    const k = first + offset;
    sum += term / total;
    if (sum <= RISK) low = k + 1;
    if (sum >= 1 - RISK) {
      high = k + 1;
      break;
    }
  }
  return { low: Math.max(1, low), high: Math.min(n, high) };
}

/** A percentile of sorted values by nearest rank, whatever their number. */
export function rank(sorted: Float64Array, p: number): number {
  return sorted[Math.max(0, Math.ceil((sorted.length * p) / 100) - 1)] ?? Number.NaN;
}

/** A percentile of sorted values with its bounds; undefined where they are too few to carry it. */
export function percentile(sorted: Float64Array, p: number): Percentile | undefined {
  const n = sorted.length;
  if (n < fewestFor(p)) return undefined;
  const { low, high } = boundRanks(n, p);
  const at = (place: number): number => sorted[place - 1] ?? Number.NaN;
  return { p, value: rank(sorted, p), low: at(low), high: at(high) };
}
