import { setTimeout as sleep } from "node:timers/promises";
import { TriptychError } from "./triptych-error.ts";

/** @throws TriptychError `cancelled` where the caller has given up. */
export function throwIfCancelled(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted === true)
    throw new TriptychError("cancelled", `${what} was cancelled`, { cause: signal.reason });
}

/** Waits some milliseconds, less where the caller gives up; does not say which. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
}
