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

/** @throws TriptychError `request-invalid` for a deadline that is not a positive number. */
export function checkedDeadline(deadlineMs: number): number {
  if (Number.isFinite(deadlineMs) && deadlineMs > 0) return deadlineMs;
  throw new TriptychError("request-invalid", `deadlineMs: expected a number above 0, got ${deadlineMs}.`, {
    hint: "Give the milliseconds the call may take; there is always a deadline.",
  });
}
