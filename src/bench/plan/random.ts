/** Numbers from 0 up to, but not with, 1. */
export type Random = () => number;

function spread(text: string): number {
  let hash = 2_166_136_261;
  for (const unit of text) hash = Math.imul(hash ^ (unit.codePointAt(0) ?? 0), 16_777_619);
  return hash >>> 0;
}

/**
 * A stream of numbers that a seed and the name of its use decide (sfc32), so that a plan can be played again and one
 * use more does not change what the others draw.
 */
export function seededRandom(seed: number, use: string): Random {
  let a = spread(use);
  let b = seed >>> 0;
  let c = Math.floor(seed / 2 ** 32) >>> 0;
  let count = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + count) | 0;
    count = (count + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  // Seeds that lie close together begin alike.
  for (let turn = 0; turn < 15; turn += 1) next();
  return () => (next() >>> 5) / 2 ** 27;
}
