import { TriptychError } from "../../errors/index.ts";
import { type Random, seededRandom } from "./random.ts";

/** A prompt with its share among all. */
export interface MixedPrompt {
  readonly text: string;
  /** Share against the weights of the others. */
  readonly weight: number;
}

/** A variant with its share among all. */
export interface MixedVariant {
  readonly variant: string;
  readonly weight: number;
  /** One of the variant's step counts; its first where absent. */
  readonly steps?: number | undefined;
}

/** What is asked for: each request draws a variant and a prompt by their weights. */
export interface Mix {
  readonly variants: readonly MixedVariant[];
  readonly prompts: readonly MixedPrompt[];
}

/** What one request asks for. */
export interface PlannedRequest {
  readonly index: number;
  readonly variant: string;
  readonly steps?: number | undefined;
  /** Index among the prompts of the mix. */
  readonly prompt: number;
  readonly text: string;
  /** Seed of the clip. */
  readonly seed: number;
}

function requireWeights(name: string, weights: readonly number[]): void {
  if (weights.length === 0)
    throw new TriptychError("usage", `expected at least one ${name}, got none.`, { hint: `Name a ${name}.` });
  const wrong = weights.find((weight) => !Number.isFinite(weight) || weight <= 0);
  if (wrong === undefined) return;
  const hint = "Weights are shares, such as 3 and 1.";
  throw new TriptychError("usage", `weight of a ${name}: expected a number above 0, got ${wrong}.`, { hint });
}

function requireApart(variants: readonly MixedVariant[]): void {
  const keys = variants.map(({ variant, steps }) => `${variant} ${steps ?? ""}`);
  const twice = variants.find((_, index) => keys.indexOf(keys[index] ?? "") !== index);
  if (twice === undefined) return;
  const hint = "Name it once, with the sum of its weights.";
  throw new TriptychError("usage", `mix: ${twice.variant} is named twice.`, { hint });
}

/**
 * @throws TriptychError `usage` for a mix without a variant or a prompt, with an empty prompt, a weight that is none, or
 * a variant that is named twice.
 */
export function requireMix({ variants, prompts }: Mix): void {
  for (const list of [variants, prompts])
    if (!Array.isArray(list)) throw new TriptychError("usage", "a mix has lists of variants and of prompts.");
  requireWeights(
    "variant",
    variants.map(({ weight }) => weight),
  );
  requireWeights(
    "prompt",
    prompts.map(({ weight }) => weight),
  );
  requireApart(variants);
  if (prompts.every(({ text }) => typeof text === "string" && text.trim() !== "")) return;
  throw new TriptychError("usage", "prompt: expected some text, got none.", {
    hint: "The server takes no empty prompt.",
  });
}

function indexBy(weights: readonly number[], random: Random): number {
  let rest = random() * weights.reduce((sum, weight) => sum + weight, 0);
  const index = weights.findIndex((weight) => {
    rest -= weight;
    return rest < 0;
  });
  // Only where rounding ate the last crumb.
  return index < 0 ? weights.length - 1 : index;
}

/**
 * The requests of a run in their order; the same seed gives the same ones, whatever the load.
 *
 * @throws TriptychError `usage` for a mix without a variant or a prompt, or with one that makes no sense.
 */
export function plannedRequests(mix: Mix, seed: number): () => PlannedRequest {
  requireMix(mix);
  const shares = mix.variants.map(({ weight }) => weight);
  const texts = mix.prompts.map(({ weight }) => weight);
  const random = seededRandom(seed, "requests");
  let index = -1;
  return () => {
    index += 1;
    const variant = mix.variants[indexBy(shares, random)];
    const prompt = indexBy(texts, random);
    const clipSeed = Math.floor(random() * 2 ** 27);
    return {
      index,
      variant: variant?.variant ?? "",
      steps: variant?.steps,
      prompt,
      text: mix.prompts[prompt]?.text ?? "",
      seed: clipSeed,
    };
  };
}
