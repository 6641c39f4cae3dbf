import { setTimeout as sleep } from "node:timers/promises";
import { TriptychError } from "../../errors/index.ts";
import { cancelledBy } from "../transport/endings.ts";

/** Waits before the next look. Throws `cancelled` when the signal aborts meanwhile. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  } catch {
    throw cancelledBy(signal);
  }
}

/** @throws TriptychError `request-invalid` for a time that is not a positive number. */
export function checkedPoll(pollMs: number): number {
  if (Number.isFinite(pollMs) && pollMs > 0) return pollMs;
  throw new TriptychError("request-invalid", `pollMs: expected a number above 0, got ${pollMs}.`, {
    hint: "Give the milliseconds between two looks.",
  });
}
