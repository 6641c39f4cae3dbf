import type { PairBlock, SideName } from "../../bench/index.ts";
import { halfOf } from "./blocks.ts";

/** Models that all variants share, whatever a variant is called. */
const SHARED = ["tokenizer", "text_encoder", "vae_decoder", "video_encoder"];

/** True where both sides made every clip, and Triton's counters could be read: only those say what a clip calls. */
function isWhole({ halves }: PairBlock): boolean {
  return halves.every(
    ({ clips, models }) => models.length > 0 && clips.every(({ outcome }) => outcome === "ok"),
  );
}

/** The variant that a model belongs to, among those measured. */
function ownerOf(model: string, variants: readonly string[]): string | undefined {
  if (SHARED.includes(model)) return undefined;
  return variants
    .filter((variant) => model === variant || model.startsWith(`${variant}_`))
    .toSorted((a, b) => b.length - a.length)[0];
}

/**
 * Calls of each model a clip of a variant, as text that two sides can be compared by. Of what all variants share, a clip
 * is one of any variant. Blocks in which a clip failed, or counters could not be read, say nothing.
 *
 * @returns Undefined where no block is whole.
 */
export function callsOf(blocks: readonly PairBlock[], side: SideName, variant: string): string | undefined {
  const halves = blocks.filter(isWhole).flatMap((block) => halfOf(block, side) ?? []);
  const clips = halves.flatMap((half) => half.clips.map((clip) => clip.variant));
  const variants = [...new Set(clips)];
  const calls = new Map<string, number>();
  for (const { model, success } of halves.flatMap(({ models }) => models))
    calls.set(model, (calls.get(model) ?? 0) + Number(success[0]));
  const mine = clips.filter((one) => one === variant).length;
  const told = [...calls].flatMap(([model, count]) => {
    const owner = ownerOf(model, variants);
    if (owner !== undefined && owner !== variant) return [];
    const of = owner === undefined ? clips.length : mine;
    // Whole numbers unless a model batches, or is called for some clips only.
    return [[model, Number((count / of).toFixed(4))] as const];
  });
  if (told.length === 0) return undefined;
  return told
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([model, count]) => `${model} ${count}`)
    .join(", ");
}
