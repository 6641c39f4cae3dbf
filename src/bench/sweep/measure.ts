import { type RunOptions, runLoad } from "../run/run-load.ts";
import { isMeasured, recordFile, type SweepPoint } from "./points.ts";

/** How the points of a sweep are measured. */
export interface SweepOptions extends Omit<RunOptions, "name" | "measurement" | "file"> {
  /** Records go to `records/` below it, a file a point. */
  readonly folder: string;
  /** True to leave out points that an earlier sweep measured whole, and that can be trusted. */
  readonly resume?: boolean | undefined;
  /** True to leave out also those where the sender or its machine was in the way. */
  readonly ignoreChecks?: boolean | undefined;
  /** Called before a point is measured, or left out. */
  readonly onPoint?: ((name: string, state: "begins" | "kept") => void) | undefined;
}

/** Measures one point, unless it was; returns its record file. */
export async function measurePoint(point: SweepPoint, options: SweepOptions): Promise<string> {
  const file = recordFile(options.folder, point.name);
  const endpoints = options.targets.map(({ endpoint }) => endpoint);
  if (options.resume === true && (await isMeasured(file, point, endpoints, options))) {
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
