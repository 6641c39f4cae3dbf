import { escapeMarkup } from "../markup.ts";
import { digits } from "../tables.ts";
import type { Point, Report } from "../types.ts";
import { type Axis, axisOf, element, namesBeside, plot, textBeside } from "./svg.ts";

/** What a pointer that rests on a mark is told. */
function title(said: string): string {
  return element("title", {}, escapeMarkup(said));
}

/** Least, median and greatest response time of each stretch of a run. */
export function latencyPlot({ name, overTime }: Point): string {
  const x = axisOf(
    "seconds",
    overTime.map(({ atSeconds }) => atSeconds),
  );
  const y = axisOf(
    "response time, ms",
    overTime.map(({ max }) => max),
  );
  return plot(`Response time over the run: ${name}`, x, y, (frame) => [
    ...overTime.map(({ atSeconds, min, max }) =>
      element("line", {
        class: "spread",
        x1: frame.x(atSeconds),
        x2: frame.x(atSeconds),
        y1: frame.y(min),
        y2: frame.y(max),
      }),
    ),
    ...overTime.map(({ atSeconds, n, median }) =>
      element(
        "circle",
        { class: "mark", cx: frame.x(atSeconds), cy: frame.y(median), r: 3 },
        title(`${digits(atSeconds)} s: median ${digits(median)} ms of ${n}`),
      ),
    ),
  ]);
}

/** How response times are spread. */
export function distributionPlot({ name, distribution }: Point): string {
  const x = axisOf(
    "response time, ms",
    distribution.map(({ toMs }) => toMs),
  );
  const y = axisOf(
    "requests",
    distribution.map(({ count }) => count),
    true,
  );
  return plot(`Distribution of response times: ${name}`, x, y, (frame) =>
    distribution.map(({ fromMs, toMs, count }) =>
      element(
        "rect",
        {
          class: "bar",
          x: frame.x(fromMs),
          y: frame.y(count),
          width: Math.max(1, frame.x(toMs) - frame.x(fromMs) - 0.5),
          height: Math.max(0, frame.y(0) - frame.y(count)),
        },
        title(`${digits(fromMs)} to ${digits(toMs)} ms: ${count}`),
      ),
    ),
  );
}

/** The parts of a request's time, one beside the other. */
export function partsPlot({ name, time }: Point): string {
  const parts = (time?.parts ?? []).filter(({ perRequestMs }) => perRequestMs > 0);
  const x = axisOf("ms a request", [parts.reduce((sum, part) => sum + part.perRequestMs, 0)]);
  const rows = parts.length;
  return plot(
    `Where the time goes: ${name}`,
    x,
    { label: "in turn", min: 0, max: rows || 1, bare: true },
    (frame) => {
      let from = 0;
      return parts.flatMap((part, row) => {
        const start = from;
        from += part.perRequestMs;
        const top = frame.y(rows - row);
        const height = frame.y(rows - row - 1) - top;
        const said = `${part.name}: ${digits(part.perRequestMs)} ms, ${(100 * part.share).toFixed(1)} %`;
        const bar = {
          class: "bar",
          x: frame.x(start),
          y: top + 1,
          width: Math.max(1, frame.x(from) - frame.x(start)),
          height: Math.max(1, height - 2),
        };
        const beside = textBeside(bar.x, bar.x + bar.width, top + height / 2 + 4, said);
        return [element("rect", bar, title(said)), beside];
      });
    },
  );
}

function loadLevel({ measurement: { load } }: Point): number | undefined {
  if (load.kind === "closed") return load.concurrency;
  return load.kind === "constant" || load.kind === "poisson" ? load.perSecond : undefined;
}

/** The load of each point; what is counted at a time has no halves. */
function loadAxis(points: readonly Point[]): Axis {
  const levels = points.flatMap((point) => loadLevel(point) ?? []);
  const kinds = new Set(points.map(({ measurement: { load } }) => load.kind === "closed"));
  if (kinds.size > 1) return axisOf("requests at a time, or a second", levels);
  const isClosed = kinds.has(true);
  return axisOf(isClosed ? "requests at a time" : "requests a second", levels, isClosed);
}

function named(points: readonly Point[]) {
  return (x: (point: Point) => number, y: (point: Point) => number, isHollow: (point: Point) => boolean) => [
    ...points.map((point) =>
      element(
        "circle",
        { class: isHollow(point) ? "mark beaten" : "mark", cx: x(point), cy: y(point), r: 5 },
        title(`${point.name}: ${digits(point.clipsPerSecond)} clips/s`),
      ),
    ),
    ...namesBeside(points.map((point) => ({ x: x(point), y: y(point), name: point.name }))),
  ];
}

/** Throughput against the load, and what is gained for what wait; only where several loads were measured. */
export function sweepPlots({ points, frontier }: Report): string[] {
  const answered = points.filter(({ responseMs }) => responseMs !== undefined);
  if (answered.length < 2) return [];
  const clips = axisOf(
    "clips/s",
    answered.map(({ clipsPerSecond }) => clipsPerSecond),
  );
  const wait = axisOf(
    "mean response time, ms",
    answered.map(({ responseMs }) => responseMs?.mean ?? 0),
  );
  const withLevel = answered.filter((point) => loadLevel(point) !== undefined);
  const byLoad = plot("Throughput against load", loadAxis(withLevel), clips, (frame) =>
    named(withLevel)(
      (point) => frame.x(loadLevel(point) ?? 0),
      (point) => frame.y(point.clipsPerSecond),
      () => false,
    ),
  );
  const pareto = plot("What is gained for what wait (full: no other beats it)", clips, wait, (frame) =>
    named(answered)(
      (point) => frame.x(point.clipsPerSecond),
      (point) => frame.y(point.responseMs?.mean ?? 0),
      ({ name }) => !frontier.includes(name),
    ),
  );
  return [byLoad, pareto];
}
