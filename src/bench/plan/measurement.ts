import { TriptychError } from "../../errors/index.ts";
import type { MeasuredPipeline, Measurement, WarmUp } from "../records/types.ts";
import { requireLoad, requirePositive, requireWhole } from "./load.ts";
import { type MixedVariant, requireMix } from "./mix.ts";

const DOORS = ["stream", "ensemble"];

/** Seeds of clips are drawn by it, and a report must be able to say it. */
function requireSeed(seed: number): void {
  if (Number.isSafeInteger(seed) && seed >= 0) return;
  throw new TriptychError("usage", `seed: expected a whole number from 0 on, got ${seed}.`);
}

function requireWarmUp({ requests = 0, durationMs = 0 }: WarmUp): void {
  const isCount = Number.isSafeInteger(requests) && requests >= 0;
  if (isCount && Number.isFinite(durationMs) && durationMs >= 0) return;
  const got = `${requests} requests and ${durationMs} ms`;
  throw new TriptychError("usage", `warm-up: expected numbers from 0 on, got ${got}.`);
}

/** A program without types may leave out anything. */
function requireParts(measurement: Measurement | null | undefined): void {
  const parts: Readonly<Record<string, unknown>> = { ...measurement };
  const names = ["load", "extent", "warmUp", "mix"];
  const missing = names.filter((name) => typeof (parts[name] ?? undefined) !== "object");
  if (missing.length === 0) return;
  throw new TriptychError(
    "usage",
    `a measurement has ${names.join(", ")}, got none of ${missing.join(", ")}.`,
  );
}

/** @throws TriptychError `usage` for a measurement that cannot be made, whatever the pipeline. */
export function requireMeasurement(measurement: Measurement): void {
  requireParts(measurement);
  const { load, extent, warmUp, mix, seed, door, maxInFlight, deadlineMs } = measurement;
  requireLoad(load, extent);
  requireWarmUp(warmUp);
  requireMix(mix);
  requireSeed(seed);
  // Where none may be under way, the first one would be waited for without end.
  requireWhole("most in flight", maxInFlight);
  requirePositive("deadline", deadlineMs, "Name the milliseconds that a clip may take.");
  if (!DOORS.includes(door))
    throw new TriptychError("usage", `door: expected stream or ensemble, got ${door}.`);
}

function requireVariant({ variants }: MeasuredPipeline, { variant, steps }: MixedVariant): void {
  const known = variants[variant];
  if (known === undefined) {
    const names = Object.keys(variants).join(", ");
    throw new TriptychError("usage", `variant: expected one of ${names}, got ${variant}.`);
  }
  if (steps === undefined || known.steps.includes(steps)) return;
  throw new TriptychError("usage", `steps: ${variant} offers ${known.steps.join(", ")}, got ${steps}.`);
}

/** @throws TriptychError `usage` for variants and step counts that the pipeline does not have. */
export function requireServed(pipeline: MeasuredPipeline, { mix }: Measurement): void {
  for (const one of mix.variants) requireVariant(pipeline, one);
}
