import { isTriptychError, TriptychError } from "../errors/index.ts";

/** What connecting failed with, without the advice that only code can follow: no command has an option for that. */
export function forCommands(reason: unknown): unknown {
  if (!isTriptychError(reason, "unreachable") || reason.hint?.includes("deadlineMs") !== true) return reason;
  return new TriptychError(reason.code, reason.message, {
    hint: "Check the address, that the server runs, and that nothing on the way drops the connection.",
    details: reason.details,
    cause: reason.cause,
  });
}
