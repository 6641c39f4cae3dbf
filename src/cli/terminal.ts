import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Where a command writes. Results go to `out`, everything else to `err`. */
export interface Terminal {
  /** True if the reader of `err` is a person at a terminal, who gets bars and colour. */
  readonly interactive: boolean;
  /** Width of the terminal in columns. */
  readonly columns: number;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Rewrites the current line of an interactive terminal. */
  rewrite(text: string): void;
  /** Colours text for `err`, where colour is wanted. */
  paint(style: Style, text: string): string;
}

/** Colour follows NO_COLOR and FORCE_COLOR, and else whether a person reads. */
function wantsColour(env: NodeJS.ProcessEnv, interactive: boolean): boolean {
  if (env["NO_COLOR"]) return false;
  if (env["FORCE_COLOR"]) return env["FORCE_COLOR"] !== "0";
  return interactive && env["TERM"] !== "dumb";
}

/** Control characters other than line breaks and tabs: text from elsewhere must not move the cursor. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** The terminal of a process. */
export function processTerminal(): Terminal {
  const interactive = process.stderr.isTTY;
  const colour = wantsColour(process.env, interactive);
  return {
    interactive,
    columns: process.stderr.columns || 80,
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    rewrite: (text) => void process.stderr.write(`\r\u001b[K${text}`),
    paint: (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text),
  };
}

/** Makes foreign text safe to print. */
export function printable(text: string): string {
  return text.replaceAll(CONTROLS, "\ufffd");
}
