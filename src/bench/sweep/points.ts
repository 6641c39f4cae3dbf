import path from "node:path";
import { isTriptychError } from "../../errors/index.ts";
import type { Load } from "../plan/load.ts";
import type { MixedVariant } from "../plan/mix.ts";
import { readRecords } from "../records/reader.ts";
import type { Measurement } from "../records/types.ts";

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

/** Every point of a sweep, named after what sets it apart. */
export function pointsOf({ base, prompts, loads, variants }: Sweep): SweepPoint[] {
  return variants.flatMap((mixed) =>
    loads.map((load) => ({
      name: `${variantName(mixed)}-${loadName(load)}`,
      measurement: { ...base, load, mix: { variants: mixed, prompts } },
    })),
  );
}

/** Where a point's records stand below the folder of a sweep. */
export function recordFile(folder: string, name: string): string {
  return path.join(folder, "records", `${name}.ndjson`);
}

/**
 * True where a file holds a whole run of a point on the same servers, so that a sweep that was interrupted need not
 * measure it again. A file of something else, of a part, or of another version is none.
 */
export async function isMeasured(
  file: string,
  { measurement }: SweepPoint,
  endpoints: readonly string[],
): Promise<boolean> {
  try {
    const { start, end } = await readRecords(file);
    const same = JSON.stringify(start.measurement) === JSON.stringify(measurement);
    return same && end?.interrupted === false && start.endpoints.join() === endpoints.join();
  } catch (reason) {
    if (isTriptychError(reason, "records-invalid")) return false;
    throw reason;
  }
}
