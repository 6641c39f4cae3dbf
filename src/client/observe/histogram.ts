/** Counts of values up to a bound, the counts below included. */
export interface Bucket {
  readonly upTo: number;
  readonly count: number;
}

/** How values were spread. */
export interface HistogramData {
  readonly count: number;
  readonly sum: number;
  /** 0 where there was no value. */
  readonly min: number;
  readonly max: number;
  /** By rising bound; each counts all values up to its own. Values above the last are in `count` only. */
  readonly buckets: readonly Bucket[];
}

/** Milliseconds from a fast call to a clip of an hour. */
export const LATENCY_BOUNDS_MS = [
  1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000,
  600_000, 1_800_000, 3_600_000,
] as const;

/** From a bare message to 4 GiB. */
export const BYTE_BOUNDS = [6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32].map((power) => 2 ** power);

/** Counts values by bounds that are fixed, so that counts of several processes can be added up. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #count = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  record(value: number): void {
    this.#count += 1;
    this.#sum += value;
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
    const at = this.#bounds.findIndex((bound) => value <= bound);
    if (at >= 0) this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  }

  data(): HistogramData {
    let below = 0;
    const buckets = this.#bounds.map((upTo, at) => {
      below += this.#counts[at] ?? 0;
      return { upTo, count: below };
    });
    return {
      count: this.#count,
      sum: this.#sum,
      min: this.#count === 0 ? 0 : this.#min,
      max: this.#max,
      buckets,
    };
  }
}
