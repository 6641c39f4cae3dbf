import { setImmediate as turn } from "node:timers/promises";
import { pause } from "../../errors/index.ts";

/** Time that never jumps, in milliseconds from the start of a run. */
export interface Clock {
  now(): number;
  /** Waits until a time, less where the signal is aborted; not at all for one that is past. */
  until(ms: number, signal: AbortSignal): Promise<void>;
}

/** Timers fire up to this late; what is left until a request is due is spent turning the event loop. */
const TIMER_SLACK_MS = 2;

/** The clock of a run that begins now. */
export function startClock(): Clock {
  const origin = performance.now();
  const now = (): number => performance.now() - origin;
  return {
    now,
    until: async (ms, signal) => {
      if (now() >= ms) return;
      if (ms - now() > TIMER_SLACK_MS) await pause(ms - now() - TIMER_SLACK_MS, signal);
      while (now() < ms && !signal.aborted) await turn();
    },
  };
}
