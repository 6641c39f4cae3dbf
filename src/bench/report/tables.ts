import { loadText } from "../plan/load.ts";
import { PERCENTILES, percentileOf, type Summary } from "../stats/summary.ts";
import type { Point, Report, TimeTree } from "./types.ts";

/** A table of a report, the same in every format. */
export interface ReportTable {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What a reader must know to read it. */
  readonly note?: string;
}

/** Three digits that count. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (Number.isInteger(value)) return `${value}`;
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

const range = (low: number, high: number): string => `${digits(low)}–${digits(high)}`;
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function percentileCell(summary: Summary | undefined, p: number): string {
  const found = percentileOf(summary, p);
  return found === undefined ? "–" : `${digits(found.value)} (${range(found.low, found.high)})`;
}

function meanCell(summary: Summary | undefined): string {
  if (summary === undefined) return "–";
  const { mean, meanInterval } = summary;
  return meanInterval === undefined ? digits(mean) : `${digits(mean)} (${range(...meanInterval)})`;
}

function rateCell({ clipsPerSecond, clipsPerSecondInterval: interval }: Point): string {
  return interval === undefined
    ? digits(clipsPerSecond)
    : `${digits(clipsPerSecond)} (${range(...interval)})`;
}

/** Percentiles that at least one point carries. */
function carried(points: readonly Point[]): number[] {
  return PERCENTILES.filter((p) => points.some((point) => percentileOf(point.responseMs, p) !== undefined));
}

function latencyTable({ points, frontier }: Report): ReportTable {
  const told = carried(points);
  const rows = points.map((point) => [
    point.name,
    loadText(point.measurement.load),
    `${point.requests.succeeded}`,
    `${point.requests.failed}`,
    rateCell(point),
    meanCell(point.responseMs),
    ...told.map((p) => percentileCell(point.responseMs, p)),
    digits(point.responseMs?.max ?? Number.NaN),
    ...(points.length > 1 ? [frontier.includes(point.name) ? "yes" : ""] : []),
  ]);
  return {
    title: "Response time, ms",
    head: [
      ...["point", "load", "n", "failed", "clips/s", "mean"],
      ...told.map((p) => `p${p}`),
      "max",
      ...(points.length > 1 ? ["unbeaten"] : []),
    ],
    rows,
    note: "From when a request was due. In parentheses: 95 % intervals of means and rates, and for percentiles bounds that each hold with 95 %. A percentile that n does not carry is left out (p99 needs 299).",
  };
}

/** What else the server did, and what of it is in the numbers. */
function foreignNote({ foreignRequests, foreignCalls }: TimeTree): string {
  const requests =
    foreignRequests === 0
      ? ""
      : ` The server counted ${foreignRequests} requests more than succeeded here; the time of those by the same front door is in these numbers.`;
  const calls = foreignCalls.map(({ model, calls: count }) => `${model} ${count}`).join(", ");
  return calls === ""
    ? requests
    : `${requests} Calls that are not of these requests are left out, of shared models by their share: ${calls}.`;
}

function timeTable(point: Point): ReportTable[] {
  const { time } = point;
  if (time === undefined) return [];
  const rows = time.parts.flatMap((part) => [
    [part.name, "", "", digits(part.perRequestMs), percent(part.share), ""],
    ...(part.name === "queue" ? [] : part.models).map((one) => [
      `  ${one.model}`,
      digits(one.callsPerRequest),
      digits(one.perCallMs),
      digits(one.perRequestMs),
      percent(one.perRequestMs / time.wholeMs),
      digits(one.queueMs),
    ]),
  ]);
  return [
    {
      title: `Where the time goes: ${point.name}`,
      head: ["part", "calls a request", "ms a call", "ms a request", "share", "of it in queue"],
      rows: [...rows, ["whole", "", "", digits(time.wholeMs), percent(1), ""]],
      note: `Client: outside the front door (lateness, client, network). Queue: before the front door. Residual: inside it, in no stage.${foreignNote(time)}`,
    },
  ];
}

const mebibytes = (bytes: number): string => digits(bytes / 2 ** 20);

function unitsTable({ points }: Report): ReportTable {
  const gpu = points.some(({ units }) => units?.gpuSecondsPerClip !== undefined);
  const rows = points.map(({ name, units, variants, resources: { process: use } }) => [
    name,
    digits(units?.framesPerSecond ?? Number.NaN),
    digits(units?.secondsPerVideoSecond ?? Number.NaN),
    variants
      .map((one) => `${one.variant} ${digits(one.highNoiseSteps ?? 0)}+${digits(one.lowNoiseSteps ?? 0)}`)
      .join(", "),
    digits(use?.cores ?? Number.NaN),
    use === undefined ? "–" : mebibytes(use.peakRssBytes),
    ...(gpu ? [digits(units?.gpuSecondsPerClip ?? Number.NaN)] : []),
  ]);
  return {
    title: "Video and server",
    head: [
      ...["point", "frames/s", "s for 1 s of video", "steps high+low", "server cores", "server peak MiB"],
      ...(gpu ? ["GPU s a clip"] : []),
    ],
    rows,
  };
}

function errorTable({ points }: Report): ReportTable[] {
  const rows = points.flatMap(({ name, requests }) =>
    requests.errors.map(({ code, count, message }) => [name, code, `${count}`, message]),
  );
  return rows.length === 0 ? [] : [{ title: "Errors", head: ["point", "code", "count", "first"], rows }];
}

function checkTable({ points }: Report): ReportTable {
  const rows = points.flatMap((point) => [
    ...point.checks.map(({ name, verdict, message }) => [point.name, name, verdict, message]),
    ...point.missing.map((what) => [point.name, "recorded", "unknown", `not recorded: ${what}`]),
  ]);
  return { title: "Can it be trusted", head: ["point", "check", "verdict", "why"], rows };
}

function variantTable({ variants = [] }: Report): ReportTable[] {
  if (variants.length === 0) return [];
  const metrics = [...new Set(variants.flatMap(({ quality }) => Object.keys(quality)))].sort();
  const rows = variants.map((one) => [
    one.variant,
    one.point,
    digits(one.meanMs ?? Number.NaN),
    digits(one.clipsPerSecond),
    one.peakRssBytes === undefined ? "–" : mebibytes(one.peakRssBytes),
    one.expertBytes === undefined ? "–" : mebibytes(one.expertBytes),
    ...metrics.map((metric) => digits(one.quality[metric] ?? Number.NaN)),
  ]);
  return [
    {
      title: "Speed, size and quality",
      head: ["variant", "point", "mean ms", "clips/s", "server peak MiB", "experts MiB", ...metrics],
      rows,
      note: "Quality as a gate found it: the worst clip, or the share of clips that is right.",
    },
  ];
}

/** All tables of a report, in the order they are read. */
export function tablesOf(report: Report): ReportTable[] {
  return [
    latencyTable(report),
    ...variantTable(report),
    ...report.points.flatMap(timeTable),
    unitsTable(report),
    ...errorTable(report),
    checkTable(report),
  ];
}

/** What was measured, where: a line below the title. */
export function subtitleOf({ pipeline, points }: Report): string {
  const { width, height, frames, fps } = pipeline.video;
  const [first] = points;
  const video = `${width}x${height}, ${frames} frames at ${fps} fps`;
  if (first === undefined) return video;
  const { host, server, startedAt } = first;
  const where = `${host.cpu}, ${host.cores} cores, Node ${host.node}`;
  return `${video}; ${server.name} ${server.version}; sent from ${where}; ${startedAt}`;
}
