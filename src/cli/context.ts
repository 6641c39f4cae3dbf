import type { Terminal } from "./terminal.ts";

/** What every command gets. */
export interface Context {
  readonly terminal: Terminal;
  /** Aborted by Ctrl-C and by TERM. */
  readonly signal: AbortSignal;
  /** True if the result is to be JSON on stdout. */
  readonly json: boolean;
  /** What a person types here to run Triptych. */
  readonly self: string;
}

/** Exit codes that are answers, not errors. */
export const EXIT = { ok: 0, no: 1, broke: 3, inconclusive: 4, interrupted: 130 } as const;

/** Runs a command with its context and returns the exit code. */
export type Command<O> = (context: Context, options: O) => Promise<number>;
