import { isUtf8 } from "node:buffer";

const UTF_8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** What a string's source stands for, or what is wrong with it. */
export interface Unescaped {
  readonly text: string;
  readonly problem?: string;
  /** True where its bytes are not UTF-8: the text has marks in their place, and Triton takes it. */
  readonly isNotText?: true;
}

const PLAIN: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  "\\": 92,
  "?": 63,
  "'": 39,
  '"': 34,
};

const PIECE =
  /[^\\]+|\\(?:(?<plain>[abfnrtv\\?'"])|(?<octal>[0-7]{1,3})|x(?<hex>[0-9A-Fa-f]{1,2})|u(?<unicode>[0-9A-Fa-f]{4})|U(?<long>[0-9A-Fa-f]{8}))/y;
const TRAIL = /\\u(d[c-f][0-9a-f]{2})/iy;

/**
 * Undoes the escapes of protobuf's text format. `\x` and octal escapes are bytes, `\u` and `\U` characters; all
 * together should be UTF-8.
 */
export function unescape(source: string): Unescaped {
  const pieces: Uint8Array[] = [];
  let at = 0;
  while (at < source.length) {
    PIECE.lastIndex = at;
    const match = PIECE.exec(source);
    if (match === null) return refused(`"${source.slice(at, at + 2)}" is no escape`);
    at += match[0].length;
    const trail = trailOf(match.groups?.["unicode"], source, at);
    if (trail !== undefined) at += 6;
    const bytes = bytesOf(match[0], match.groups ?? {}, trail);
    if (bytes === undefined) return refused(`${match[0]} stands for no byte or character`);
    pieces.push(bytes);
  }
  const bytes = Buffer.concat(pieces);
  const text = UTF_8.decode(bytes);
  return isUtf8(bytes) ? { text } : { text, isNotText: true };
}

function refused(problem: string): Unescaped {
  return { text: "", problem };
}

/** The second half of a surrogate pair that is written as two escapes. */
function trailOf(head: string | undefined, source: string, at: number): number | undefined {
  if (head === undefined || !/^d[89ab]/i.test(head)) return undefined;
  TRAIL.lastIndex = at;
  const trail = TRAIL.exec(source)?.[1];
  return trail === undefined ? undefined : Number.parseInt(trail, 16);
}

function bytesOf(
  piece: string,
  groups: Readonly<Record<string, string | undefined>>,
  trail: number | undefined,
): Uint8Array | undefined {
  if (!piece.startsWith("\\")) return isWellFormed(piece) ? Buffer.from(piece) : undefined;
  const { plain, octal, hex, unicode, long } = groups;
  if (plain !== undefined) return Uint8Array.of(PLAIN[plain] ?? 0);
  if (octal !== undefined) return byteOf(Number.parseInt(octal, 8));
  if (hex !== undefined) return byteOf(Number.parseInt(hex, 16));
  return characterOf(Number.parseInt(unicode ?? long ?? "", 16), trail);
}

function byteOf(value: number): Uint8Array | undefined {
  return value > 255 ? undefined : Uint8Array.of(value);
}

function characterOf(code: number, trail: number | undefined): Uint8Array | undefined {
  const text =
    trail === undefined
      ? code > 0x10_ff_ff
        ? ""
        : String.fromCodePoint(code)
      : String.fromCharCode(code, trail);
  return text !== "" && isWellFormed(text) ? Buffer.from(text) : undefined;
}

function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
