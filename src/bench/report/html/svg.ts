import { escapeMarkup } from "../markup.ts";
import { digits } from "../tables.ts";

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
const TOP = 12;
const BOTTOM = 44;

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
}

/** Steps of 1, 2 or 5 times a power of ten, about five of them. */
export function ticks({ min, max }: Axis): number[] {
  const rough = (max - min) / 5 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const first = Math.ceil(min / step);
  const count = Math.floor(max / step) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => (first + index) * step);
}

/** An axis that shows all values, and zero. */
export function axisOf(label: string, values: readonly number[]): Axis {
  const max = values.reduce((most, value) => Math.max(most, value), 0);
  return { label, min: 0, max: max === 0 ? 1 : max * 1.05 };
}

function text(x: number, y: number, anchor: string, said: string): string {
  return element("text", { x, y, "text-anchor": anchor }, escapeMarkup(said));
}

function gridX(axis: Axis, frame: Frame): string[] {
  return ticks(axis).map((tick) => text(frame.x(tick), HEIGHT - BOTTOM + 18, "middle", digits(tick)));
}

function gridY(axis: Axis, frame: Frame): string[] {
  return ticks(axis).flatMap((tick) => {
    const y = frame.y(tick);
    return [
      element("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y, y2: y }),
      text(LEFT - 8, y + 4, "end", digits(tick)),
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
    ...(y.bare === true ? [] : gridY(y, frame)),
    ...gridX(x, frame),
    ...draw(frame),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, "middle", `${x.label} →  (↑ ${y.label})`),
  );
  return element("figure", {}, element("figcaption", {}, escapeMarkup(title)), drawing);
}
