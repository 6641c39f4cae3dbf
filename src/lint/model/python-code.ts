const OPENING = /#|"""|'''|"|'/g;
/** For each way to begin a string, what ends it, and what to pass over on the way. */
const CLOSINGS: Readonly<Record<string, RegExp>> = {
  "#": /\n/g,
  '"""': /\\[\s\S]|"""/g,
  "'''": /\\[\s\S]|'''/g,
  '"': /\\[\s\S]|"|\n/g,
  "'": /\\[\s\S]|'|\n/g,
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
