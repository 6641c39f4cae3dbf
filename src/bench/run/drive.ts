import { dueTimes, type Extent, type OpenLoad } from "../plan/load.ts";
import type { Clock } from "./clock.ts";

/** How requests are sent. */
export interface Driver {
  readonly clock: Clock;
  /** No request begins once it is aborted; those under way are waited for. */
  readonly signal: AbortSignal;
  /** Sends one request that was due at a time; false where it failed. Never rejects. */
  readonly send: (dueMs: number) => Promise<boolean>;
}

/** A server that refuses at once would be asked thousands of times a second. */
const PAUSE_AFTER_FAILURE_MS = 100;

/** Keeps a number of requests under way for as long as `more` says; each is due when the one before it has ended. */
export async function driveClosed(
  { clock, signal, send }: Driver,
  concurrency: number,
  more: (started: number, elapsedMs: number) => boolean,
): Promise<void> {
  const start = clock.now();
  let started = 0;
  const work = async (): Promise<void> => {
    let due = start;
    while (!signal.aborted && more(started, clock.now() - start)) {
      started += 1;
      const succeeded = await send(due);
      if (!succeeded) await clock.until(clock.now() + PAUSE_AFTER_FAILURE_MS, signal);
      due = clock.now();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
}

/** Keeps on until a number of requests or a time is reached, whichever comes first. */
export function within({ requests = Infinity, durationMs = Infinity }: Extent) {
  return (started: number, elapsedMs: number): boolean => started < requests && elapsedMs < durationMs;
}

/** What an open loop is to send. */
export interface OpenPlan {
  readonly load: OpenLoad;
  readonly extent: Extent;
  readonly seed: number;
  /** Most requests under way; those beyond wait for one to end. */
  readonly maxInFlight: number;
}

/**
 * Sends each request when it is due, however many are under way; what is late is sent at once, and still counts from
 * when it was due.
 *
 * @returns How many requests had to wait because too many were under way.
 */
export async function driveOpen({ clock, signal, send }: Driver, plan: OpenPlan): Promise<number> {
  const start = clock.now();
  const underWay = new Set<Promise<unknown>>();
  let capped = 0;
  for (const due of dueTimes(plan.load, plan.extent, plan.seed)) {
    await clock.until(start + due, signal);
    if (underWay.size >= plan.maxInFlight) {
      capped += 1;
      await Promise.race(underWay);
    }
    if (signal.aborted) break;
    const one = send(start + due).finally(() => underWay.delete(one));
    underWay.add(one);
  }
  await Promise.all(underWay);
  return capped;
}
