import { setTimeout as sleep } from "node:timers/promises";
import type { ModelStatistics } from "../../client/index.ts";

/** Between two readings. */
const PAUSE_MS = 20;

/** On a server that others call as well, counters never rest. */
const MOST_AT_REST = 10;

/** Longest that is waited for calls that were answered and are not counted. */
const LONGEST_MS = 2000;

/** How many calls of a model were answered; by its name. */
export type Answered = Readonly<Record<string, number>>;

/** Calls of each model that the server has counted so far. */
export function callsOf(readings: readonly ModelStatistics[]): Record<string, number> {
  const calls: Record<string, number> = {};
  for (const { name, success, fail } of readings)
    calls[name] = (calls[name] ?? 0) + Number(success.count + fail.count);
  return calls;
}

const isEqual = (one: Answered, other: Answered): boolean => {
  const names = Object.keys({ ...one, ...other });
  return names.every((name) => one[name] === other[name]);
};

/** What reading at rest takes. */
export interface SettledOptions {
  readonly read: () => Promise<readonly ModelStatistics[]>;
  /** Calls that must have been counted: those before, and those answered since. */
  readonly atLeast: Answered;
  readonly pauseMs?: number;
}

/**
 * Reads a server's statistics once they are at rest: Triton counts a call a moment after its answer, so that what was
 * read at once might lack the last calls.
 *
 * @throws TriptychError what `read` throws
 */
export async function settledStatistics(options: SettledOptions): Promise<readonly ModelStatistics[]> {
  const { read, atLeast, pauseMs = PAUSE_MS } = options;
  const end = performance.now() + LONGEST_MS;
  let last = await read();
  for (let round = 1; performance.now() < end; round += 1) {
    await sleep(pauseMs);
    const next = await read();
    const calls = callsOf(next);
    const isWhole = Object.entries(atLeast).every(([name, count]) => (calls[name] ?? 0) >= count);
    if (isWhole && (round >= MOST_AT_REST || isEqual(calls, callsOf(last)))) return next;
    last = next;
  }
  return last;
}
