import { TriptychError } from "../errors/index.ts";
import type { HeaderValues } from "./transport/headers.ts";

/** Most time a call may take where nothing else is said: 10 minutes. */
export const DEFAULT_DEADLINE_MS = 600_000;

/** Most time a clip may take where nothing else is said: an hour, for all its steps and its wait in the queue. */
export const CLIP_DEADLINE_MS = 3_600_000;

/** What every call takes. */
export interface CallOptions {
  /** Cancels the call, at the server too. */
  readonly signal?: AbortSignal | undefined;
  /** Most time the call may take, in milliseconds; 10 minutes by default, an hour for a clip. */
  readonly deadlineMs?: number | undefined;
  /** Sent with this call alone; they replace those of the connection that have the same name. */
  readonly headers?: HeaderValues | undefined;
}

/** Timers cannot wait longer: 24 days. */
const LONGEST_MS = 2 ** 31 - 1;

/** @throws TriptychError `request-invalid` for a deadline that is not a positive number, or is further than timers reach. */
export function checkedDeadline(deadlineMs: number): number {
  if (deadlineMs > 0 && deadlineMs <= LONGEST_MS) return deadlineMs;
  const expected = `a number above 0 and up to ${LONGEST_MS} (24 days)`;
  throw new TriptychError("request-invalid", `deadlineMs: expected ${expected}, got ${deadlineMs}.`, {
    hint: "Give the milliseconds the call may take; there is always a deadline.",
  });
}

/** By what it has: a signal of another realm, such as a test runner's, is one too. */
function isSignal(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return "aborted" in value && "addEventListener" in value && typeof value.aborted === "boolean";
}

/** @throws TriptychError `request-invalid` for what is no signal, such as a controller in its place. */
export function checkedSignal(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal === undefined) return undefined;
  if (isSignal(signal)) return signal;
  throw new TriptychError("request-invalid", "signal: expected an AbortSignal, got something else.", {
    hint: "Give the signal of an AbortController, or AbortSignal.timeout(ms).",
  });
}
