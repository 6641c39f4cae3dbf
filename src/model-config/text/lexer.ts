import type { Finding, Position } from "../../errors/index.ts";
import { unescape } from "./unescape.ts";

/** A piece of the text. */
export interface Token {
  /** `broken` is what has a finding already: whatever it stood for, nothing more is to be said of it. */
  readonly kind: "integer" | "float" | "identifier" | "string" | "symbol" | "broken" | "end";
  readonly text: string;
  readonly position: Position;
}

// Protobuf's own classes: no Unicode space, no underscore inside a number, no octal with an 8.
const SPACE = /(?:[ \t\n\r\v\f]|#[^\n\0]*)+/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /\.?[0-9](?:[eE][+-]|[0-9A-Za-z_.])*/y;
const STRING = /"(?:[^"\\\n\0]|\\[^\n\0])*"|'(?:[^'\\\n\0]|\\[^\n\0])*'/y;
const HEX = /^0[xX][0-9A-Fa-f]+$/;
const INTEGER = /^(?:0[0-7]*|[1-9][0-9]*)$/;
const FLOAT = /^(?:(?:0|[1-9][0-9]*)\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[fF]?$/;

const BYTE_ORDER_MARK = "\ufeff";
const NO_BOM = "a byte order mark (BOM) stands here, which no editor shows and Triton does not take";

/** Cuts a text into tokens; the last one is the end. What cannot be one is found, and the rest goes on. */
export class Lexer {
  readonly #text: string;
  readonly #file: string;
  readonly #findings: Finding[];
  #at = 0;
  #line = 1;
  #lineStart = 0;

  constructor(text: string, file: string, findings: Finding[]) {
    this.#text = text;
    this.#file = file;
    this.#findings = findings;
  }

  next(): Token {
    this.#pass(this.#match(SPACE) ?? "");
    const position = { file: this.#file, line: this.#line, column: this.#at - this.#lineStart + 1 };
    const token = this.#read(position);
    this.#pass(token.taken);
    return { kind: token.kind, text: token.text ?? token.taken, position };
  }

  #read(position: Position): Taken {
    const word = this.#match(WORD);
    if (word !== undefined) return { kind: "identifier", taken: word };
    const first = this.#text[this.#at];
    if (first === undefined) return { kind: "end", taken: "" };
    if (first === '"' || first === "'") return this.#string(position);
    const number = this.#match(NUMBER);
    if (number !== undefined) return this.#number(number, position);
    if (/[!-~]/.test(first)) return { kind: "symbol", taken: first };
    return this.#foreign(this.#text.codePointAt(this.#at) ?? 0, position);
  }

  /** A sign of no use outside strings and comments; many of them cannot be seen, so their number is told. */
  #foreign(point: number, position: Position): Taken {
    const taken = String.fromCodePoint(point);
    if (taken === BYTE_ORDER_MARK)
      return this.#broken(taken, position, NO_BOM, "Save it as UTF-8 without BOM.");
    const what = `${JSON.stringify(taken)} (U+${point.toString(16).toUpperCase().padStart(4, "0")})`;
    return this.#broken(taken, position, `${what} may stand in strings and comments only`);
  }

  #number(taken: string, position: Position): Taken {
    if (INTEGER.test(taken) || HEX.test(taken)) return { kind: "integer", taken };
    if (FLOAT.test(taken)) return { kind: "float", taken };
    const problem = /^0[0-9]/.test(taken) ? "a leading 0 makes a number octal" : "no such number";
    return this.#broken(taken, position, `${taken}: ${problem}`);
  }

  #string(position: Position): Taken {
    const taken = this.#match(STRING);
    if (taken === undefined) {
      const rest = /[^\n]*/y;
      return this.#broken(this.#match(rest) ?? "", position, "this string does not end in its line");
    }
    const { text, problem, isNotText = false } = unescape(taken.slice(1, -1));
    if (isNotText) {
      const message = "The bytes of this string are not UTF-8.";
      this.#findings.push({ rule: "not-utf-8", message, position });
    }
    return problem === undefined ? { kind: "string", taken, text } : this.#broken(taken, position, problem);
  }

  #broken(taken: string, position: Position, message: string, hint?: string): Taken {
    const more = hint === undefined ? {} : { hint };
    this.#findings.push({ rule: "syntax", message: `${message}.`, position, ...more });
    return { kind: "broken", taken };
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text)?.[0];
  }

  #pass(taken: string): void {
    for (let at = taken.indexOf("\n"); at >= 0; at = taken.indexOf("\n", at + 1)) {
      this.#line += 1;
      this.#lineStart = this.#at + at + 1;
    }
    this.#at += taken.length;
  }
}

interface Taken {
  readonly kind: Token["kind"];
  /** What was taken off the text. */
  readonly taken: string;
  /** What it stands for, where that is something else. */
  readonly text?: string;
}
