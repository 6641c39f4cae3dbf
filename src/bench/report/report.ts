import { realpath } from "node:fs/promises";
import { TriptychError } from "../../errors/index.ts";
import type { RunRecords } from "../records/collect.ts";
import { readRecords } from "../records/reader.ts";
import { pointOf } from "./point.ts";
import { type Point, REPORT_VERSION, type Report } from "./types.ts";

/** Names of the points that no other beats in both throughput and mean response time. */
export function frontierOf(points: readonly Point[]): string[] {
  const speeds = points.flatMap(({ name, clipsPerSecond, responseMs }) =>
    responseMs === undefined ? [] : { name, clipsPerSecond, ms: responseMs.mean },
  );
  const isBeaten = (one: (typeof speeds)[number]): boolean =>
    speeds.some(
      (other) =>
        other.clipsPerSecond >= one.clipsPerSecond &&
        other.ms <= one.ms &&
        (other.clipsPerSecond > one.clipsPerSecond || other.ms < one.ms),
    );
  return speeds.filter((one) => !isBeaten(one)).map(({ name }) => name);
}

/** Points of one name are told apart by a number: two runs of one load are compared, not mixed. */
function named(points: readonly Point[]): Point[] {
  const taken = new Set(points.map(({ name }) => name));
  const seen = new Set<string>();
  return points.map((point) => {
    let name = point.name;
    for (let number = 2; seen.has(name); number += 1) {
      const next = `${point.name}-${number}`;
      if (!taken.has(next)) name = next;
    }
    seen.add(name);
    taken.add(name);
    return name === point.name ? point : { ...point, name };
  });
}

/**
 * The report of runs of one pipeline, in the order they were started; where a name comes twice, the later run has a
 * number behind it.
 *
 * @throws TriptychError `records-invalid` where there is none, or they are of several pipelines.
 */
export function reportOf(runs: readonly RunRecords[]): Report {
  const inOrder = runs.toSorted((a, b) => (a.start.startedAt < b.start.startedAt ? -1 : 1));
  const points = named(inOrder.map(pointOf));
  const [first] = runs;
  const pipelines = new Set(runs.map(({ start }) => JSON.stringify(start.pipeline)));
  if (first === undefined || pipelines.size > 1) {
    const message = `expected records of one pipeline, got those of ${pipelines.size}.`;
    throw new TriptychError("records-invalid", message, { hint: "Name files of one `triptych bench`." });
  }
  return {
    format: "triptych-report",
    version: REPORT_VERSION,
    pipeline: first.start.pipeline,
    points,
    frontier: frontierOf(points),
  };
}

/**
 * Makes a report from record files; one that is named twice counts once.
 *
 * @throws TriptychError `records-invalid`
 */
export async function reportFiles(files: readonly string[]): Promise<Report> {
  const runs: RunRecords[] = [];
  const seen = new Set<string>();
  // One after the other: a file may be hundreds of megabytes.
  for (const file of files) {
    const real = await realpath(file).catch(() => file);
    if (!seen.has(real)) runs.push(await readRecords(file));
    seen.add(real);
  }
  return reportOf(runs);
}
