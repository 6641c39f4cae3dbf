import { createHash } from "node:crypto";
import type { Clip } from "../../client/index.ts";
import { TriptychError, throwIfCancelled } from "../../errors/index.ts";
import type { PairSide } from "../pairs/run-pairs.ts";
import type { SideName } from "../pairs/types.ts";
import { type Frames, flicker, isSound, psnr } from "./pictures.ts";
import { ssim } from "./ssim.ts";

/** What is told of one clip by itself. */
export interface ClipFacts {
  /** SHA-256 of the MP4, and of the frames. */
  readonly video: string;
  readonly frames: string;
  readonly bytes: number;
  /** Every value finite, and not one grey all over. */
  readonly sound: boolean;
  readonly flicker: number;
}

/** How close a clip of the candidate comes to another one of the same seed. */
export interface Likeness {
  /** `base`, or a variant of the candidate. */
  readonly against: string;
  readonly psnr: number;
  readonly ssim: number;
}

/** The clips of one seed, prompt and variant. */
export interface Sample {
  readonly variant: string;
  readonly prompt: string;
  readonly seed: number;
  readonly sides: Readonly<Partial<Record<SideName, ClipFacts>>>;
  readonly likeness: readonly Likeness[];
}

/** What clips are made to be looked at. */
export interface SampleOptions {
  readonly sides: readonly PairSide[];
  readonly variants: readonly string[];
  /** Variants of the candidate that others are held against, besides the base. */
  readonly against: readonly string[];
  readonly prompts: readonly string[];
  /** Clips of each variant. */
  readonly count: number;
  readonly seed: number;
  /** Called with the frames of each clip of the candidate. */
  readonly onFrames?: ((sample: Sample, frames: Frames) => Promise<void>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const digest = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");

function framesOf({ frames }: Clip): Frames {
  if (frames !== undefined) return frames;
  throw new TriptychError("response-invalid", "expected the frames that were asked for, got none.");
}

function factsOf(clip: Clip): ClipFacts {
  const frames = framesOf(clip);
  return {
    video: digest(clip.video),
    frames: digest(frames.data),
    bytes: clip.video.length,
    sound: isSound(frames, clip.latent),
    flicker: flicker(frames),
  };
}

function likenessOf(against: string, clip: Clip, other: Clip): Likeness[] {
  const [a, b] = [framesOf(clip), framesOf(other)];
  // Pictures of another size have no pixels in common.
  if (a.shape.join() !== b.shape.join()) return [];
  return [{ against, psnr: psnr(a, b), ssim: ssim(a, b) }];
}

interface Made {
  readonly sides: Partial<Record<SideName, Clip>>;
  readonly others: Readonly<Record<string, Clip>>;
}

async function make(options: SampleOptions, variant: string, index: number): Promise<Made> {
  const text = options.prompts[index % options.prompts.length] ?? "";
  const request = {
    index,
    variant,
    prompt: index % options.prompts.length,
    text,
    seed: options.seed + index,
  };
  const sides: Partial<Record<SideName, Clip>> = {};
  for (const { name, target } of options.sides) {
    throwIfCancelled(options.signal, "the look at clips");
    sides[name] = await target.sample(request);
  }
  const candidate = options.sides.find(({ name }) => name === "candidate");
  const others: Record<string, Clip> = {};
  for (const other of options.against) {
    const clip =
      other === variant ? undefined : await candidate?.target.sample({ ...request, variant: other });
    if (clip !== undefined) others[other] = clip;
  }
  return { sides, others };
}

function sampleOf({ sides, others }: Made): Pick<Sample, "sides" | "likeness"> {
  const { base, candidate } = sides;
  const facts = Object.fromEntries(Object.entries(sides).map(([name, clip]) => [name, factsOf(clip)]));
  if (candidate === undefined) return { sides: facts, likeness: [] };
  const all = { ...(base === undefined ? {} : { base }), ...others };
  const likeness = Object.entries(all).flatMap(([name, clip]) => likenessOf(name, candidate, clip));
  return { sides: facts, likeness };
}

/**
 * Makes clips of fixed seeds on every side and tells what they are like. Frames are let go of as soon as they are looked
 * at.
 *
 * @throws TriptychError what making a clip throws
 */
export async function sampleClips(options: SampleOptions): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const variant of options.variants) {
    for (let index = 0; index < options.count; index += 1) {
      const made = await make(options, variant, index);
      const prompt = options.prompts[index % options.prompts.length] ?? "";
      const sample: Sample = { variant, prompt, seed: options.seed + index, ...sampleOf(made) };
      samples.push(sample);
      const { candidate } = made.sides;
      if (candidate !== undefined) await options.onFrames?.(sample, framesOf(candidate));
    }
  }
  return samples;
}
