import { type ErrorCode, type ErrorDetails, systemErrorCode, TriptychError } from "../errors/index.ts";
import type { Ended } from "./spawn.ts";

/** What an error about a program tells beside its message. */
export interface Failure {
  readonly file: string;
  readonly details: ErrorDetails;
}

/** True where the program itself was not found on PATH or at its path. */
export function isProgramMissing(error: unknown): boolean {
  return error instanceof TriptychError && systemErrorCode(error.cause) === "ENOENT";
}

/** How a program ended, in words: `exit code 3`, `signal SIGKILL`. */
export function describeEnd(ended: Ended): string {
  return ended.signal === null ? `exit code ${String(ended.code)}` : `signal ${ended.signal}`;
}

function startHint(error: Error, file: string): string {
  if (systemErrorCode(error) === "ENOENT") return `Install ${file} or put it on PATH.`;
  return `See whether ${file} may be executed.`;
}

/** The error for a program that could not be started. */
export function startFailure({ file, details }: Failure, error: Error): TriptychError {
  const reason =
    systemErrorCode(error) === "ENOENT" ? "not found" : (systemErrorCode(error) ?? error.message);
  const hint = startHint(error, file);
  return new TriptychError("process-failed", `${file} could not be started: ${reason}`, {
    hint,
    cause: error,
    details,
  });
}

/** The error for a program that ran and did not end well. */
export function runFailure(
  { file, details }: Failure,
  code: ErrorCode,
  what: string,
  cause?: unknown,
): TriptychError {
  const lastLine = details.logTail?.trimEnd().split("\n").at(-1) ?? "";
  const said = lastLine === "" ? "" : `; it last said: ${lastLine}`;
  return new TriptychError(code, `${file} ${what}${said}`, { cause, details });
}
