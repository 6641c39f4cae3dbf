import { TriptychError } from "../../errors/index.ts";
import type { Extent, Load } from "../plan/load.ts";
import { readRecords } from "../records/reader.ts";
import { fewestFor, rank } from "../stats/percentile.ts";
import { measurePoint, type SweepOptions } from "./measure.ts";
import { pointsOf, type Sweep, type SweepPoint } from "./points.ts";
import { searchHighest } from "./search.ts";

/** The latency that a load must keep. */
export interface LatencyLimit {
  /** Percentile of the response time, such as 95. */
  readonly percentile: number;
  readonly ms: number;
}

/** What a search for the highest load found. */
export interface Found {
  /** Where it began. */
  readonly from: number;
  /** Requests at a time, or in a second; absent where not even the first level kept the limit. */
  readonly level?: number | undefined;
  /** Record files of all levels that were tried. */
  readonly files: readonly string[];
}

/** Times that a level is gone through: with fewer requests than that it would hardly be under way. */
const ROUNDS = 4;

/** A load like another, at another level. */
export function loadAt(load: Load, level: number): Load {
  if (load.kind === "closed") return { ...load, concurrency: level };
  if (load.kind === "constant" || load.kind === "poisson") return { ...load, perSecond: level };
  throw new TriptychError("usage", `a search takes a number of requests, got a ${load.kind}.`, {
    hint: "Search with --concurrency or --rate.",
  });
}

/**
 * As much of a load as shows whether it is served: some rounds of a closed loop; of an open one some times the limit,
 * since a queue that grows takes time to reach it.
 */
function extentAt(load: Load, { requests, durationMs }: Extent, limitMs: number): Extent {
  const least = ROUNDS * (load.kind === "closed" ? load.concurrency : levelOf(load) * (limitMs / 1000));
  const isOpen = load.kind !== "closed";
  return {
    ...(requests === undefined ? {} : { requests: Math.max(requests, Math.ceil(least)) }),
    ...(durationMs === undefined
      ? {}
      : { durationMs: isOpen ? Math.max(durationMs, ROUNDS * limitMs) : durationMs }),
  };
}

function levelOf(load: Load): number {
  if (load.kind === "closed") return load.concurrency;
  return "perSecond" in load ? load.perSecond : 0;
}

function onlyLoad({ loads, variants }: Sweep): Load {
  const [load, more] = loads;
  if (load !== undefined && more === undefined && variants.length === 1) return load;
  throw new TriptychError("usage", "a search begins with one load and one variant, or one mix of them.", {
    hint: "Search for one after the other.",
  });
}

/** @throws TriptychError `usage` where so few requests could never tell the percentile. */
function requireEnough({ percentile }: LatencyLimit, requests: number | undefined): void {
  const fewest = fewestFor(percentile);
  if (requests === undefined || requests >= fewest) return;
  throw new TriptychError("usage", `p${percentile} takes ${fewest} requests or more, got ${requests}.`, {
    hint: `Measure ${fewest} requests, or name a lower percentile.`,
  });
}

/**
 * Looks at everything that a search must have before its first level.
 *
 * @throws TriptychError `usage` for a sweep of more than one load, one that begins beyond its end, and where the
 * requests could not tell the percentile.
 */
export function requireSearch(limit: LatencyLimit, to: number, sweep: Sweep): void {
  const from = levelOf(onlyLoad(sweep));
  searchPoint(limit, sweep, from);
  if (from <= to) return;
  throw new TriptychError("usage", `a search from ${from} cannot end at ${to}.`, {
    hint: "Begin lower, or name a higher end.",
  });
}

/**
 * The point of one level of a search, with as many requests or as much time as the level takes to be applied.
 *
 * @throws TriptychError `usage` for a sweep of more than one load, and where the requests could not tell the percentile
 */
export function searchPoint(limit: LatencyLimit, sweep: Sweep, level: number): SweepPoint {
  const load = loadAt(onlyLoad(sweep), level);
  const base = { ...sweep.base, extent: extentAt(load, sweep.base.extent, limit.ms) };
  const [point] = pointsOf({ ...sweep, base, loads: [load] });
  if (point === undefined) throw new TriptychError("internal", "a sweep of one load has no point");
  requireEnough(limit, point.measurement.extent.requests);
  return point;
}

async function keeps(file: string, { percentile, ms }: LatencyLimit): Promise<boolean> {
  const { succeeded, failed } = await readRecords(file);
  // A load under which requests fail is no load that is served.
  if (failed > 0 || succeeded.count < fewestFor(percentile)) return false;
  return rank(succeeded.responseMs().toSorted(), percentile) <= ms;
}

/**
 * Looks for the highest load under which a percentile of the response time stays below a limit: it doubles, then halves.
 * Requests, and the time of an open loop, grow with the load, so that each level is really applied.
 *
 * @param to - Beyond this nothing is tried.
 * @throws TriptychError `usage` what {@link requireSearch} throws; what `runLoad` throws
 */
export async function searchLoad(
  limit: LatencyLimit,
  to: number,
  sweep: Sweep,
  options: SweepOptions,
): Promise<Found> {
  const load = onlyLoad(sweep);
  const from = levelOf(load);
  requireSearch(limit, to, sweep);
  const files: string[] = [];
  const level = await searchHighest({
    ...{ from, to, precision: load.kind === "closed" ? 1 : from / 10 },
    holds: async (at) => {
      if (options.signal?.aborted === true) return false;
      const file = await measurePoint(searchPoint(limit, sweep, at), options);
      files.push(file);
      return keeps(file, limit);
    },
  });
  return { from, level, files };
}
