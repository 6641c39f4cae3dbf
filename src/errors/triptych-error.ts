import { ERROR_CODES, type ErrorCode } from "./codes.ts";

/** A place in a text file; line and column count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One thing that is wrong, with its place where there is one. */
export interface Finding {
  /** Short stable name of the rule, such as `unknown-key`. */
  readonly rule: string;
  readonly message: string;
  /** What to do next. */
  readonly hint?: string;
  /** Path inside the document, such as `variants.final.sampler.shift`. */
  readonly path?: string;
  readonly position?: Position;
}

/** Details that some codes carry; the code tells which. */
export interface ErrorDetails {
  /** All findings of a refused document, not just the first. */
  readonly findings?: readonly Finding[];
  /** The last lines a program wrote. */
  readonly logTail?: string;
  /** A file with the whole log. */
  readonly logFile?: string;
  /** The command to type to repeat what failed. */
  readonly reproduce?: string;
  readonly model?: string;
  readonly endpoint?: string;
  /** Numeric gRPC status, where a call failed. */
  readonly grpcStatus?: number;
  /** False where no server took the call up: sending it again repeats nothing. */
  readonly accepted?: false;
  /** How often the call was tried, where it was more than once. */
  readonly attempts?: number;
}

/** What an error may say beside its message. */
export interface TriptychErrorOptions {
  /** What to type or change next. */
  readonly hint?: string;
  readonly cause?: unknown;
  readonly details?: ErrorDetails;
}

/** The one error class of Triptych; narrow it by `code`. */
export class TriptychError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: TriptychErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "TriptychError";
    this.code = code;
    this.hint = options.hint;
    this.details = options.details ?? {};
  }

  /** The exit code a command line ends with on this error. */
  get exitCode(): number {
    return ERROR_CODES[this.code].exit;
  }
}

/** True for a TriptychError, of one code where given. */
export function isTriptychError(value: unknown, code?: ErrorCode): value is TriptychError {
  return value instanceof TriptychError && (code === undefined || value.code === code);
}

/** Turns anything thrown into a TriptychError, keeping the original as its cause. */
export function toTriptychError(reason: unknown, code: ErrorCode = "internal"): TriptychError {
  if (isTriptychError(reason)) return reason;
  const message = reason instanceof Error ? reason.message : String(reason);
  return new TriptychError(code, message, { cause: reason });
}

/** The `code` of a Node system error (`ENOENT`, `ENOSPC`, …), if it is one. */
export function systemErrorCode(reason: unknown): string | undefined {
  if (!(reason instanceof Error) || !("code" in reason)) return undefined;
  return typeof reason.code === "string" ? reason.code : undefined;
}
