import type { Finding, Position } from "../../errors/index.ts";
import { Lexer, type Token } from "./lexer.ts";
import type { FieldNode, MessageNode, ScalarNode } from "./tree.ts";

/** Deeper than any message of Triton's goes; a text that nests on and on is to end in a finding. */
const MAX_DEPTH = 60;

const CLOSERS: Readonly<Record<string, string>> = { "{": "}", "<": ">" };

/** A text as a tree, and what is wrong with it. */
export interface ParsedText {
  readonly root: MessageNode;
  readonly findings: readonly Finding[];
}

/**
 * Reads protobuf's text format, without knowing what the fields mean. What is wrong inside a token is found wherever
 * it is; the first token in a wrong place ends the reading, and what stood before it is in the tree.
 */
export function parseText(text: string, file: string): ParsedText {
  const findings: Finding[] = [];
  const parser = new Parser(new Lexer(text, file, findings));
  const root = parser.root({ file, line: 1, column: 1 });
  if (parser.problem !== undefined) findings.push(parser.problem);
  return { root, findings };
}

/** Thrown and caught in this file only: the tree so far is kept. */
class Stop extends Error {}

class Parser {
  /** The token in a wrong place. */
  problem: Finding | undefined;
  readonly #lexer: Lexer;
  #token: Token;

  constructor(lexer: Lexer) {
    this.#lexer = lexer;
    this.#token = lexer.next();
  }

  root(position: Position): MessageNode {
    const fields: FieldNode[] = [];
    try {
      while (this.#token.kind !== "end") this.#field(fields, 0);
    } catch (reason) {
      if (!(reason instanceof Stop)) throw reason;
      this.#drain();
    }
    return { kind: "message", fields, position };
  }

  /** Adds to the list before it reads the values, so that those that were read are kept. */
  #field(into: FieldNode[], depth: number): void {
    if (this.#token.kind !== "identifier") throw this.#wrong("a field name");
    const { text: name, position } = this.#take();
    const colon = this.#accept(":");
    const list = this.#looksAt("[");
    const values: (ScalarNode | MessageNode)[] = [];
    into.push({ name, position, colon, list, values });
    if (list) this.#list(values, depth);
    else this.#value(values, depth);
    if (!this.#accept(",")) this.#accept(";");
  }

  #list(into: (ScalarNode | MessageNode)[], depth: number): void {
    this.#take();
    if (this.#accept("]")) return;
    do this.#value(into, depth);
    while (this.#accept(","));
    if (!this.#accept("]")) throw this.#wrong('"," or "]"');
  }

  #value(into: (ScalarNode | MessageNode)[], depth: number): void {
    const closer = this.#token.kind === "symbol" ? CLOSERS[this.#token.text] : undefined;
    if (closer !== undefined) this.#message(into, closer, depth + 1);
    else into.push(this.#scalar());
  }

  #message(into: (ScalarNode | MessageNode)[], closer: string, depth: number): void {
    if (depth > MAX_DEPTH) throw this.#wrong("no more than 60 messages inside each other");
    const fields: FieldNode[] = [];
    into.push({ kind: "message", fields, position: this.#take().position });
    while (!this.#accept(closer)) {
      if (this.#token.kind === "end") throw this.#wrong(`"${closer}"`);
      this.#field(fields, depth);
    }
  }

  #scalar(): ScalarNode {
    const { position } = this.#token;
    const negative = this.#accept("-");
    if (this.#token.kind === "string" && !negative) return this.#strings(position);
    const { kind, text } = this.#token;
    if (kind === "symbol" || kind === "string" || kind === "end") throw this.#wrong("a value");
    this.#take();
    return { kind, negative, text, position };
  }

  /** Strings that stand side by side are one. */
  #strings(position: Position): ScalarNode {
    let text = "";
    while (this.#token.kind === "string" || this.#isBrokenString()) text += this.#take().text;
    return { kind: "string", negative: false, text, position };
  }

  #isBrokenString(): boolean {
    return this.#token.kind === "broken" && /^["']/.test(this.#token.text);
  }

  #looksAt(symbol: string): boolean {
    return this.#token.kind === "symbol" && this.#token.text === symbol;
  }

  #accept(symbol: string): boolean {
    if (!this.#looksAt(symbol)) return false;
    this.#take();
    return true;
  }

  #take(): Token {
    const taken = this.#token;
    this.#token = this.#lexer.next();
    return taken;
  }

  #wrong(expected: string): Stop {
    const { kind, text, position } = this.#token;
    const got = kind === "end" ? "the end of the text" : JSON.stringify(text);
    if (kind !== "broken") {
      this.problem = { rule: "syntax", message: `Expected ${expected}, got ${got}.`, position };
    }
    return new Stop();
  }

  /** For the findings of the lexer in the rest. */
  #drain(): void {
    while (this.#token.kind !== "end") this.#take();
  }
}
