import { StringDecoder } from "node:string_decoder";

/** Longest line kept whole; a program that never ends its line cannot fill our memory. */
const LONGEST_LINE = 16_384;

/** Cuts a stream of bytes into lines; `\n`, `\r\n` and a lone `\r` (progress bars) end a line. */
export class LineSplitter {
  readonly #decoder = new StringDecoder("utf8");
  readonly #onLine: (line: string) => void;
  #rest = "";

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Uint8Array): void {
    const text = this.#rest + this.#decoder.write(Buffer.from(chunk));
    // A `\r` at the end may be half of a `\r\n`; it waits for what follows.
    const lines = text.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#onLine(line.slice(0, LONGEST_LINE));
    this.#rest = this.#rest.slice(0, LONGEST_LINE);
  }

  /** Hands out what is left when the stream has ended without a line end. */
  end(): void {
    const last = (this.#rest + this.#decoder.end()).replace(/\r$/, "");
    this.#rest = "";
    if (last !== "") this.#onLine(last);
  }
}

/** Keeps the last lines of a log, bounded in lines and in characters. */
export class LogTail {
  readonly #maxLines: number;
  readonly #maxCharacters: number;
  #lines: string[] = [];
  #characters = 0;

  constructor(maxLines: number, maxCharacters: number) {
    this.#maxLines = maxLines;
    this.#maxCharacters = maxCharacters;
  }

  push(line: string): void {
    this.#lines.push(line);
    this.#characters += line.length + 1;
    if (this.#lines.length <= this.#maxLines && this.#characters <= this.#maxCharacters) return;
    this.#shrink();
  }

  /** Drops a quarter at once, so that a busy log does not shift its array on every line. */
  #shrink(): void {
    const lines = this.#maxLines * 0.75;
    const characters = this.#maxCharacters * 0.75;
    let first = 0;
    while (this.#lines.length - first > lines || this.#characters > characters) {
      this.#characters -= (this.#lines[first]?.length ?? 0) + 1;
      first += 1;
    }
    this.#lines = this.#lines.slice(first);
  }

  /** The last lines, oldest first; all that are kept where no number is given. */
  lines(last = this.#lines.length): readonly string[] {
    return last <= 0 ? [] : this.#lines.slice(-last);
  }

  text(last?: number): string {
    return this.lines(last).join("\n");
  }
}
