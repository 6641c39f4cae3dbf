const OPENING = /#|"""|'''|"|'/g;
/** For each way to begin a string, what ends it, and what to pass over on the way. */
const CLOSINGS: Readonly<Record<string, RegExp>> = {
  "#": /\r\n?|\n/g,
  '"""': /\\[\s\S]|"""/g,
  "'''": /\\[\s\S]|'''/g,
  '"': /\\[\s\S]|"|[\r\n]/g,
  "'": /\\[\s\S]|'|[\r\n]/g,
};

/** A Python text without its comments and its strings; a string that has no end goes to the end of the line. */
export function pythonCode(text: string): string {
  const pieces: string[] = [];
  let at = 0;
  while (at < text.length) {
    const opening = found(OPENING, text, at);
    if (opening === undefined) return pieces.join("") + text.slice(at);
    pieces.push(text.slice(at, opening.index), opening.text === "#" ? "\n" : "''");
    at = endOf(text, opening.index + opening.text.length, CLOSINGS[opening.text] ?? /$/g);
  }
  return pieces.join("");
}

function endOf(text: string, from: number, closing: RegExp): number {
  let at = from;
  for (;;) {
    const next = found(closing, text, at);
    if (next === undefined) return text.length;
    at = next.index + next.text.length;
    if (!next.text.startsWith("\\")) return at;
  }
}

function found(pattern: RegExp, text: string, from: number): { text: string; index: number } | undefined {
  pattern.lastIndex = from;
  const match = pattern.exec(text);
  return match === null ? undefined : { text: match[0], index: match.index };
}

const LINE_END = /\r\n?|\n/;
const TAB = " ".repeat(8);

/**
 * Whether a name stands only within functions and classes, so that the module has none such. A name under `if` or `try` may be
 * the module's.
 *
 * @param code - Without comments and strings, as {@link pythonCode} gives it.
 */
export function isOnlyNested(code: string, name: RegExp): boolean {
  // Lines that the current one may stand below, each further in than the one before.
  const above: { readonly indent: number; readonly isScope: boolean }[] = [];
  for (const line of code.split(LINE_END)) {
    const text = line.trimStart();
    if (text === "") continue;
    const indent = line.slice(0, line.length - text.length).replaceAll("\t", TAB).length;
    while ((above.at(-1)?.indent ?? -1) >= indent) above.pop();
    const isWithin = above.at(-1)?.isScope === true;
    if (name.test(text) && (!isWithin || /^global\b/.test(text))) return false;
    above.push({ indent, isScope: isWithin || /^(async\s+)?(def|class)\b/.test(text) });
  }
  return true;
}
