import { type Random, seededRandom } from "../../bench/index.ts";

/** Normally distributed numbers (Box and Muller). */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A host as shared machines are. */
export interface NoisyHost {
  /** Of the slow drift that both sides of a block share in part. */
  readonly drift: number;
  /** Of each half of a block on its own. */
  readonly jitter: number;
  /** Share of halves that something else slowed down by half or more. */
  readonly spikes: number;
}

/** Logarithms of the ratios of blocks of a candidate that is slower by an effect (0.1 is 10 %). */
export function noisyBlocks(seed: number, blocks: number, effect: number, host: NoisyHost): number[] {
  const random = seededRandom(seed, "noise");
  let drift = 0;
  const half = (): number => {
    drift = 0.9 * drift + Math.sqrt(1 - 0.81) * host.drift * normal(random);
    const spike = random() < host.spikes ? Math.log(1.5 + random()) : 0;
    return drift + host.jitter * normal(random) + spike;
  };
  return Array.from({ length: blocks }, () => {
    const [first, second] = [half(), half()];
    return Math.log1p(effect) + (random() < 0.5 ? second - first : first - second);
  });
}
