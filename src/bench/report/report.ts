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

/**
 * The report of runs of one pipeline, in the order they were started.
 *
 * @throws TriptychError `records-invalid` where there is none, or they are of several pipelines.
 */
export function reportOf(runs: readonly RunRecords[]): Report {
  const inOrder = runs.toSorted((a, b) => (a.start.startedAt < b.start.startedAt ? -1 : 1));
  const points = inOrder.map(pointOf);
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
 * Makes a report from record files.
 *
 * @throws TriptychError `records-invalid`
 */
export async function reportFiles(files: readonly string[]): Promise<Report> {
  const runs: RunRecords[] = [];
  // One after the other: a file may be hundreds of megabytes.
  for (const file of files) runs.push(await readRecords(file));
  return reportOf(runs);
}
