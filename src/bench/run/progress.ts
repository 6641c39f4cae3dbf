import type { Extent } from "../plan/load.ts";
import { Column } from "../records/columns.ts";
import { rank } from "../stats/percentile.ts";

/** How far a run is. */
export interface RunProgress {
  readonly name: string;
  readonly phase: "warm-up" | "measured";
  readonly done: number;
  readonly failed: number;
  readonly elapsedMs: number;
  readonly perSecond: number;
  /** Of the response times so far, whatever they are worth yet; absent before the first. */
  readonly p50Ms?: number | undefined;
  readonly p95Ms?: number | undefined;
  /** Absent where it cannot be told yet. */
  readonly leftMs?: number | undefined;
}

/** Sorting more at every look would cost what is measured; the latest will do. */
const MOST_SORTED = 10_000;

/** Counts what is done in one phase of a run. */
export class Tally {
  readonly #name: string;
  readonly #phase: RunProgress["phase"];
  readonly #extent: Extent;
  readonly #startMs: number;
  readonly #responses = new Column();
  #failed = 0;

  constructor(name: string, phase: RunProgress["phase"], extent: Extent, startMs: number) {
    this.#name = name;
    this.#phase = phase;
    this.#extent = extent;
    this.#startMs = startMs;
  }

  add(responseMs: number, succeeded: boolean): void {
    if (succeeded) this.#responses.push(responseMs);
    else this.#failed += 1;
  }

  at(nowMs: number): RunProgress {
    const done = this.#responses.length + this.#failed;
    const elapsedMs = Math.max(nowMs - this.#startMs, 1);
    const perSecond = (1000 * this.#responses.length) / elapsedMs;
    const sorted = this.#responses.values().slice(-MOST_SORTED).sort();
    const percentiles = sorted.length === 0 ? {} : { p50Ms: rank(sorted, 50), p95Ms: rank(sorted, 95) };
    const leftMs = this.#left(done, elapsedMs);
    const head = { name: this.#name, phase: this.#phase };
    return { ...head, done, failed: this.#failed, elapsedMs, perSecond, ...percentiles, leftMs };
  }

  #left(done: number, elapsedMs: number): number | undefined {
    const { requests, durationMs } = this.#extent;
    const byCount = requests === undefined || done === 0 ? Infinity : ((requests - done) * elapsedMs) / done;
    const byTime = durationMs === undefined ? Infinity : durationMs - elapsedMs;
    const left = Math.min(byCount, byTime);
    return Number.isFinite(left) ? Math.max(0, left) : undefined;
  }
}
