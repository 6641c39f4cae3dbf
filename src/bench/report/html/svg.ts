import { escapeMarkup } from "../markup.ts";

/** An SVG or HTML element as text; what it holds must be markup already. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  ...inside: readonly string[]
): string {
  const pairs = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeMarkup(String(value))}"`);
  return `<${name}${pairs.join("")}>${inside.join("")}</${name}>`;
}

const WIDTH = 720;
const HEIGHT = 260;
const LEFT = 64;
const RIGHT = 16;
const TOP = 30;
const BOTTOM = 44;

/** Widest that a character of a picture's text is, in its units; fonts differ from machine to machine. */
const CHARACTER = 7;

/** From one line of text to the next. */
const LINE = 15;

/** Maps values of both axes to the picture. */
export interface Frame {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

/** An axis from zero, or from its least value, to a little more than its greatest. */
export interface Axis {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  /** True for one whose numbers mean nothing. */
  readonly bare?: boolean;
  /** True for one that counts: there is nothing between two of its numbers. */
  readonly whole?: boolean;
}

/** 1, 2 or 5 times a power of ten, about a fifth of the axis. */
function stepOf({ min, max, whole = false }: Axis): number {
  const rough = (max - min) / 5 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  return whole ? Math.max(1, step) : step;
}

/** Where an axis has marks, and what they say: all with as many decimals as the step has. */
export function ticks(axis: Axis): { readonly at: number; readonly said: string }[] {
  const step = stepOf(axis);
  const decimals = Math.max(0, -Math.floor(Math.log10(step)));
  const first = Math.ceil(axis.min / step);
  const count = Math.floor(axis.max / step) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => {
    const at = (first + index) * step;
    return { at, said: at.toFixed(decimals) };
  });
}

/** An axis that shows all values, and zero. */
export function axisOf(label: string, values: readonly number[], whole = false): Axis {
  const max = values.reduce((most, value) => Math.max(most, value), 0);
  return { label, min: 0, max: max === 0 ? 1 : max * 1.05, whole };
}

/** Text beside a bar that reaches from `from` to `to`: on its right, its left, or else in it; wherever there is room. */
export function textBeside(from: number, to: number, y: number, said: string): string {
  const width = said.length * CHARACTER + 6;
  const text = (at: number, anchor: "start" | "end", look = {}): string =>
    element("text", { x: at, y, "text-anchor": anchor, ...look }, escapeMarkup(said));
  if (to + width <= WIDTH) return text(to + 6, "start");
  return from >= width ? text(from - 6, "end") : text(to - 6, "end", { class: "within" });
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

const meet = (one: Place, other: Place): boolean =>
  Math.abs(one.y - other.y) < LINE && one.x < other.x + other.width && other.x < one.x + one.width;

/** Names of marks, each beside its own on the side with room, and none over another. */
export function namesBeside(
  marks: readonly { readonly x: number; readonly y: number; readonly name: string }[],
): string[] {
  const taken: Place[] = [];
  return marks.map(({ x, y, name }) => {
    const width = name.length * CHARACTER;
    const isLeft = x + 8 + width > WIDTH;
    const left = isLeft ? x - 8 - width : x + 8;
    // Above the mark, below it, then further below; where marks are many, over another at last.
    const lines = [y - 6, ...marks.map((_, index) => y + 18 + index * LINE)];
    const places = lines.filter((at) => at < HEIGHT - BOTTOM).map((at) => ({ x: left, y: at, width }));
    const place = places.find((one) => !taken.some((other) => meet(one, other))) ?? {
      x: left,
      y: y - 6,
      width,
    };
    taken.push(place);
    return text(isLeft ? x - 8 : x + 8, place.y, isLeft ? "end" : "start", name);
  });
}

function text(x: number, y: number, anchor: string, said: string): string {
  return element("text", { x, y, "text-anchor": anchor }, escapeMarkup(said));
}

function gridX(axis: Axis, frame: Frame): string[] {
  return ticks(axis).map(({ at, said }) => text(frame.x(at), HEIGHT - BOTTOM + 18, "middle", said));
}

function gridY(axis: Axis, frame: Frame): string[] {
  return ticks(axis).flatMap(({ at, said }) => {
    const y = frame.y(at);
    return [
      element("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y, y2: y }),
      text(LEFT - 8, y + 4, "end", said),
    ];
  });
}

/** A plot with its axes; `draw` gives the marks within. */
export function plot(title: string, x: Axis, y: Axis, draw: (frame: Frame) => readonly string[]): string {
  const place = (value: number): number => Math.round(value * 10) / 10;
  const frame: Frame = {
    x: (value) => place(LEFT + ((value - x.min) / (x.max - x.min)) * (WIDTH - LEFT - RIGHT)),
    y: (value) => place(HEIGHT - BOTTOM - ((value - y.min) / (y.max - y.min)) * (HEIGHT - TOP - BOTTOM)),
  };
  const drawing = element(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": title },
    ...(y.bare === true ? [] : [...gridY(y, frame), text(0, 16, "start", y.label)]),
    ...gridX(x, frame),
    ...draw(frame),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, "middle", x.label),
  );
  return element("figure", {}, element("figcaption", {}, escapeMarkup(title)), drawing);
}
