import { TriptychError } from "../../errors/index.ts";

/** The error for a call whose signal has aborted; the signal's reason is its cause. */
export function cancelledBy(signal: AbortSignal | undefined): TriptychError {
  return new TriptychError("cancelled", "The call was cancelled.", { cause: signal?.reason });
}

/** The error for a call on a connection that was closed. */
export function closedError(): TriptychError {
  return new TriptychError("cancelled", "The connection to the server was closed.", {
    hint: "Connect again, and close only when all results are there.",
  });
}
