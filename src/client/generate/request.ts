import { randomBytes } from "node:crypto";
import { isTriptychError, TriptychError } from "../../errors/index.ts";
import type { VariantContract } from "../../model-config/index.ts";
import { type Tensor, tensor } from "../../tensor/index.ts";
import type { AnyInputs } from "../inference/untyped.ts";
import { shownValue } from "../shown.ts";
import type { Guidance, UsedSettings } from "./types.ts";

/** A request of any variant, once its types are out of the way. */
export interface AnyRequest {
  readonly prompt: string;
  readonly negativePrompt?: string | undefined;
  readonly seed?: number | bigint | undefined;
  readonly steps?: number | undefined;
  readonly guidance?: Guidance | undefined;
  readonly frames?: boolean | undefined;
  readonly latent?: boolean | undefined;
  readonly previews?: boolean | undefined;
}

/** A request as tensors, and what of it goes into the clip. */
export interface PreparedRequest {
  readonly inputs: AnyInputs;
  readonly used: UsedSettings;
}

const SEED_END = 1n << 63n;
const RANDOM_SEED_END = 1n << 53n;

/**
 * The inputs of either front door.
 *
 * @throws TriptychError `request-invalid` that names the input, for what the types would refuse.
 */
export function prepareRequest(variant: VariantContract, request: AnyRequest): PreparedRequest {
  requireKnownKeys(request);
  const { prompt, negativePrompt, guidance } = request;
  const used = usedSettings(variant, request);
  if (!variant.guidance && (negativePrompt !== undefined || guidance !== undefined)) {
    throw refused("GUIDANCE", "this variant takes neither guidance nor a negative prompt");
  }
  const inputs = {
    PROMPT: text("PROMPT", prompt),
    NEGATIVE_PROMPT: negativePrompt === undefined ? undefined : text("NEGATIVE_PROMPT", negativePrompt),
    SEED: tensor("INT64", [1], BigInt64Array.of(used.seed)),
    STEPS: request.steps === undefined ? undefined : tensor("INT32", [1], Int32Array.of(used.steps)),
    GUIDANCE_HIGH_NOISE: scale("GUIDANCE_HIGH_NOISE", guidance?.highNoise),
    GUIDANCE_LOW_NOISE: scale("GUIDANCE_LOW_NOISE", guidance?.lowNoise),
  };
  // Left out rather than undefined: a variant without guidance does not know the names.
  return {
    inputs: Object.fromEntries(Object.entries(inputs).filter(([, value]) => value !== undefined)),
    used,
  };
}

const KEYS = ["prompt", "negativePrompt", "seed", "steps", "guidance", "frames", "latent", "previews"];
const GUIDANCE_KEYS = ["highNoise", "lowNoise"];

/** A misspelt setting would go unheard, and the clip would tell of what was not done. */
function requireKnownKeys(request: unknown): asserts request is AnyRequest {
  const fields = fieldsOf("request", request);
  requireKeys("request", fields, KEYS);
  const { guidance } = fields;
  if (guidance !== undefined) requireKeys("guidance", fieldsOf("guidance", guidance), GUIDANCE_KEYS);
}

function fieldsOf(name: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null) return value as Readonly<Record<string, unknown>>;
  throw refused(name, `expected an object, got ${value === null ? "null" : typeof value}`);
}

function requireKeys(name: string, fields: object, known: readonly string[]): void {
  const unknown = Object.keys(fields).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw refused(name, `unknown key ${shownValue(unknown)}`, `Known are ${known.join(", ")}.`);
}

function usedSettings(variant: VariantContract, request: AnyRequest): UsedSettings {
  const { guidance } = request;
  const used = { seed: seedOf(request.seed), steps: stepsOf(variant, request.steps) };
  return guidance === undefined ? used : { ...used, guidance: { ...guidance } };
}

function seedOf(seed: number | bigint | undefined): bigint {
  if (seed === undefined) return randomBytes(8).readBigUInt64LE() % RANDOM_SEED_END;
  if (typeof seed !== "bigint" && !Number.isSafeInteger(seed)) {
    throw refused(
      "SEED",
      `expected a whole number, got ${shownValue(seed)}`,
      "Write seeds above 2^53 as a bigint.",
    );
  }
  const whole = BigInt(seed);
  if (whole >= 0n && whole < SEED_END) return whole;
  throw refused("SEED", `expected a number from 0 to 2^63-1, got ${whole}`);
}

function stepsOf(variant: VariantContract, steps: number | undefined): number {
  const chosen = steps ?? variant.steps[0];
  if (chosen !== undefined && variant.steps.includes(chosen)) return chosen;
  throw refused(
    "STEPS",
    `expected one of ${variant.steps.join(", ")}, got ${chosen === undefined ? "none" : shownValue(chosen)}`,
  );
}

function text(name: string, value: string): Tensor<"BYTES"> {
  if (typeof value !== "string") throw refused(name, `expected a string, got ${typeof value}`);
  try {
    return tensor("BYTES", [1], [value]);
  } catch (reason) {
    // The one thing that a single string can have against it.
    if (isTriptychError(reason, "tensor-invalid"))
      throw refused(name, "not well-formed Unicode: it has half a surrogate pair");
    throw reason;
  }
}

function scale(name: string, value: number | undefined): Tensor<"FP32"> | undefined {
  if (value === undefined) return undefined;
  if (!Number.isFinite(value)) throw refused(name, `expected a finite number, got ${shownValue(value)}`);
  return tensor("FP32", [1], Float32Array.of(value));
}

function refused(input: string, problem: string, hint?: string): TriptychError {
  const options = hint === undefined ? {} : { hint };
  return new TriptychError("request-invalid", `${input}: ${problem}.`, options);
}
