const LONGEST = 2000;

/** Escape sequences of terminals: CSI, then OSC and the other strings, then the two-byte ones. */
const ESCAPES = [
  String.raw`(?:\u001B\[|\u009B)[\u0030-\u003F]*[\u0020-\u002F]*[\u0040-\u007E]?`,
  String.raw`(?:\u001B[\]PX^_]|[\u009D\u0090\u0098\u009E\u009F])[^\u0007\u001B\u009C]*(?:\u0007|\u001B\\|\u009C)?`,
  String.raw`\u001B[\u0020-\u002F]*[\u0030-\u007E]?`,
].join("|");

/** Control characters, line separators, and marks that reorder the text around them. */
const CONTROLS = String.raw`[\u0000-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069\uFEFF]+`;

const UNSAFE = new RegExp(`${ESCAPES}|${CONTROLS}`, "gu");

/** A word, as most names and versions are. */
const PLAIN = /^[!-~]*$/;

/**
 * A server's words made safe to print: one line, no terminal escapes, no control characters,
 * and not longer than anyone would read.
 */
export function cleanText(text: string): string {
  if (text.length <= LONGEST && PLAIN.test(text)) return text;
  const line = text.replace(UNSAFE, " ").replace(/ {2,}/g, " ").trim();
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST)} … (${line.length - LONGEST} more)`;
}
