/** A whole number from 0, below the given one. */
export type Roll = (below: number) => number;

/** Numbers that are always the same ones for a seed (mulberry32). */
export function dice(seed: number): Roll {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** One of them. */
export function oneOf<T>(roll: Roll, items: readonly T[]): T {
  const item = items[roll(items.length)];
  if (item === undefined) throw new Error("expected something to choose from");
  return item;
}
