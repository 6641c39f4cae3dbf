import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Where a command writes. Results go to `out`, everything else to `err`. */
export interface Terminal {
  /** True if the reader of `err` is a person at a terminal, who gets bars and colour. */
  readonly interactive: boolean;
  /** Width of the terminal in columns. */
  readonly columns: number;
  /** True once a result was written to `out`. */
  readonly hasResult: boolean;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Rewrites the last line of an interactive terminal, for the last time where it is done. */
  readonly rewrite: (text: string, isDone?: boolean) => void;
  /** Colours text where its reader wants colour: that of `err`, or of `out`. */
  readonly paint: (style: Style, text: string, reader?: "out" | "err") => string;
}

/** A stream that a terminal writes to. */
export interface Output {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** Colour follows NO_COLOR and FORCE_COLOR, and else whether a person reads. */
function wantsColour(env: NodeJS.ProcessEnv, interactive: boolean): boolean {
  if (env["NO_COLOR"]) return false;
  if (env["FORCE_COLOR"]) return env["FORCE_COLOR"] !== "0";
  return interactive && env["TERM"] !== "dumb";
}

/**
 * Characters other than line breaks and tabs that move the cursor or reorder the text around them: text from
 * elsewhere must do neither.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** A terminal on two streams. */
export function createTerminal(
  stdout: Output,
  stderr: Output,
  env: NodeJS.ProcessEnv = process.env,
): Terminal {
  const isPerson = { out: stdout.isTTY === true, err: stderr.isTTY === true };
  const colour = { out: wantsColour(env, isPerson.out), err: wantsColour(env, isPerson.err) };
  let hasResult = false;
  let isLineOpen = false;
  // What is written after a line that was to be rewritten begins a line of its own.
  const closeLine = (): void => {
    if (isLineOpen) stderr.write("\n");
    isLineOpen = false;
  };
  return {
    interactive: isPerson.err,
    columns: stderr.columns ?? 80,
    get hasResult() {
      return hasResult;
    },
    out: (text) => {
      closeLine();
      hasResult = true;
      stdout.write(`${text}\n`);
    },
    err: (text) => {
      closeLine();
      stderr.write(`${text}\n`);
    },
    rewrite: (text, isDone = false) => {
      stderr.write(`\r\u001b[K${text}`);
      isLineOpen = true;
      if (isDone) closeLine();
    },
    paint: (style, text, reader = "err") =>
      colour[reader] ? styleText(style, text, { validateStream: false }) : text,
  };
}

/** Makes foreign text safe to print. */
export function printable(text: string): string {
  return text.replaceAll(CONTROLS, "\ufffd");
}

/** Makes foreign text safe to print within a line, where a break would begin another one. */
export function printableLine(text: string): string {
  return printable(text.replaceAll(/[\t\n]/g, "\ufffd"));
}
