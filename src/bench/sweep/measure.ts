import { TriptychError } from "../../errors/index.ts";
import type { Load } from "../plan/load.ts";
import { readRecords } from "../records/reader.ts";
import { type RunOptions, runLoad } from "../run/run-load.ts";
import { fewestFor, rank } from "../stats/percentile.ts";
import { isMeasured, recordFile, type SweepPoint } from "./points.ts";
import { searchHighest } from "./search.ts";

/** How the points of a sweep are measured. */
export interface SweepOptions extends Omit<RunOptions, "name" | "measurement" | "file"> {
  /** Records go to `records/` below it, a file a point. */
  readonly folder: string;
  /** True to leave out points that an earlier sweep measured whole. */
  readonly resume?: boolean | undefined;
  /** Called before a point is measured, or left out. */
  readonly onPoint?: ((name: string, state: "begins" | "kept") => void) | undefined;
}

/** Measures one point, unless it was; returns its record file. */
async function measurePoint(point: SweepPoint, options: SweepOptions): Promise<string> {
  const file = recordFile(options.folder, point.name);
  const endpoints = options.targets.map(({ endpoint }) => endpoint);
  if (options.resume === true && (await isMeasured(file, point, endpoints))) {
    options.onPoint?.(point.name, "kept");
    return file;
  }
  options.onPoint?.(point.name, "begins");
  await runLoad({ ...options, name: point.name, measurement: point.measurement, file });
  return file;
}

/**
 * Measures points one after the other; an interruption ends the one that runs and leaves out the rest.
 *
 * @returns The record files of the points that were measured.
 * @throws TriptychError what {@link runLoad} throws
 */
export async function measurePoints(points: readonly SweepPoint[], options: SweepOptions): Promise<string[]> {
  const files: string[] = [];
  for (const point of points) {
    if (options.signal?.aborted === true) break;
    files.push(await measurePoint(point, options));
  }
  return files;
}

/** The latency that a load must keep. */
export interface LatencyLimit {
  /** Percentile of the response time, such as 95. */
  readonly percentile: number;
  readonly ms: number;
}

/** What a search for the highest load found. */
export interface Found {
  /** Requests at a time, or in a second; absent where not even the first level kept the limit. */
  readonly level?: number | undefined;
  /** Record files of all levels that were tried. */
  readonly files: readonly string[];
}

/** @throws TriptychError `usage` where so few requests could never tell the percentile. */
function requireEnough({ percentile }: LatencyLimit, requests: number | undefined): void {
  const fewest = fewestFor(percentile);
  if (requests === undefined || requests >= fewest) return;
  throw new TriptychError("usage", `p${percentile} takes ${fewest} requests or more, got ${requests}.`, {
    hint: `Measure ${fewest} requests, or name a lower percentile.`,
  });
}

async function keeps(file: string, { percentile, ms }: LatencyLimit): Promise<boolean> {
  const { succeeded, failed } = await readRecords(file);
  // A load under which requests fail is no load that is served.
  if (failed > 0 || succeeded.count < fewestFor(percentile)) return false;
  return rank(succeeded.responseMs().toSorted(), percentile) <= ms;
}

/**
 * Looks for the highest load under which a percentile of the response time stays below a limit: it doubles, then halves.
 *
 * @param pointAt - The point of a level.
 * @throws TriptychError `usage` where the planned requests could not tell the percentile; what {@link runLoad} throws
 */
export async function searchLoad(
  limit: LatencyLimit,
  range: { readonly from: number; readonly to: number; readonly precision: number },
  pointAt: (level: number) => SweepPoint,
  options: SweepOptions,
): Promise<Found> {
  requireEnough(limit, pointAt(range.from).measurement.extent.requests);
  const files: string[] = [];
  const level = await searchHighest({
    ...range,
    holds: async (at) => {
      if (options.signal?.aborted === true) return false;
      const file = await measurePoint(pointAt(at), options);
      files.push(file);
      return keeps(file, limit);
    },
  });
  return { level, files };
}

/** A load like another, at another level. */
export function loadAt(load: Load, level: number): Load {
  if (load.kind === "closed") return { ...load, concurrency: level };
  if (load.kind === "constant" || load.kind === "poisson") return { ...load, perSecond: level };
  throw new TriptychError("usage", `a search takes a number of requests, got a ${load.kind}.`, {
    hint: "Search with --concurrency or --rate.",
  });
}
