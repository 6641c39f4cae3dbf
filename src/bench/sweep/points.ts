import path from "node:path";
import { isTriptychError, TriptychError } from "../../errors/index.ts";
import type { Load } from "../plan/load.ts";
import { requireMeasurement } from "../plan/measurement.ts";
import type { MixedVariant } from "../plan/mix.ts";
import { readRecords } from "../records/reader.ts";
import type { Measurement } from "../records/types.ts";
import { checksOf } from "../report/checks.ts";
import type { Check } from "../report/types.ts";

/** One load among those of a sweep. */
export interface SweepPoint {
  /** Also the name of its record file. */
  readonly name: string;
  readonly measurement: Measurement;
}

/** What a sweep goes through: every load with every mix of variants. */
export interface Sweep {
  readonly base: Omit<Measurement, "load" | "mix">;
  readonly prompts: Measurement["mix"]["prompts"];
  readonly loads: readonly Load[];
  readonly variants: readonly (readonly MixedVariant[])[];
}

function loadName(load: Load): string {
  if (load.kind === "closed") return `c${load.concurrency}`;
  if (load.kind === "ramp") return `ramp${load.fromPerSecond}-${load.toPerSecond}`;
  return load.kind === "trace" ? "trace" : `${load.kind}${load.perSecond}`;
}

function variantName(variants: readonly MixedVariant[]): string {
  return variants
    .map(({ variant, steps }) => (steps === undefined ? variant : `${variant}-s${steps}`))
    .join("+");
}

function requireSweep(sweep: Sweep | null | undefined): asserts sweep is Sweep {
  const { base, loads, variants, prompts } = sweep ?? {};
  const lists: unknown[] = [loads, variants, prompts];
  if (typeof base === "object" && lists.every((list) => Array.isArray(list))) return;
  throw new TriptychError(
    "usage",
    "expected a sweep: `base`, and lists of `loads`, `variants` and `prompts`.",
  );
}

/** What is asked for twice is measured once; what is another measurement of the same name gets a number. */
function apart(points: readonly SweepPoint[]): SweepPoint[] {
  const found = new Map<string, SweepPoint>();
  const names = new Map<string, number>();
  for (const point of points) {
    const key = JSON.stringify(point.measurement);
    if (found.has(key)) continue;
    const count = (names.get(point.name) ?? 0) + 1;
    names.set(point.name, count);
    found.set(key, count === 1 ? point : { ...point, name: `${point.name}-${count}` });
  }
  return [...found.values()];
}

/**
 * Every point of a sweep, named after what sets it apart; a load or variant that is listed twice is one point.
 *
 * @throws TriptychError `usage` for a measurement that cannot be made.
 */
export function pointsOf(sweep: Sweep): SweepPoint[] {
  requireSweep(sweep);
  const { base, prompts, loads, variants } = sweep;
  const points = variants.flatMap((mixed) =>
    loads.map((load) => ({
      measurement: { ...base, load, mix: { variants: mixed, prompts } },
      nameOf: () => `${variantName(mixed)}-${loadName(load)}`,
    })),
  );
  // Before they are named after what may not be there.
  for (const { measurement } of points) requireMeasurement(measurement);
  return apart(points.map(({ measurement, nameOf }) => ({ name: nameOf(), measurement })));
}

/** Where a point's records stand below the folder of a sweep. */
export function recordFile(folder: string, name: string): string {
  return path.join(folder, "records", `${name}.ndjson`);
}

function isFine({ name, verdict }: Check, ignoreChecks: boolean): boolean {
  return verdict !== "failed" || (ignoreChecks && (name === "generator" || name === "host"));
}

/**
 * True where a file holds a whole run of a point on the same servers, so that a sweep that was interrupted need not
 * measure it again. A file of something else, of a part, or of another version is none; nor is a run that a check
 * has failed, apart from those of sender and machine where they are to be ignored.
 */
export async function isMeasured(
  file: string,
  { measurement }: SweepPoint,
  endpoints: readonly string[],
  { ignoreChecks = false }: { readonly ignoreChecks?: boolean | undefined } = {},
): Promise<boolean> {
  try {
    const run = await readRecords(file);
    const { start, end } = run;
    const same = JSON.stringify(start.measurement) === JSON.stringify(measurement);
    const isWhole = same && end?.interrupted === false && start.endpoints.join() === endpoints.join();
    return isWhole && checksOf(run).every((check) => isFine(check, ignoreChecks));
  } catch (reason) {
    if (isTriptychError(reason, "records-invalid")) return false;
    throw reason;
  }
}
