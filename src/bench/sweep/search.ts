/** How a search for the highest load goes. */
export interface SearchOptions {
  /** Where it begins; at most this if even it does not hold. */
  readonly from: number;
  /** Beyond this nothing is tried. */
  readonly to: number;
  /** Levels closer to each other than this are one. */
  readonly precision: number;
  /** True where the level holds. Called once for each level. */
  readonly holds: (level: number) => Promise<boolean>;
}

/**
 * The highest level that holds, by doubling until one does not and halving what lies between. It takes for granted
 * that a higher load is no faster.
 *
 * @returns Undefined where not even the first level holds.
 */
export async function searchHighest(options: SearchOptions): Promise<number | undefined> {
  const { from, to, precision, holds } = options;
  if (!(await holds(from))) return undefined;
  let good = from;
  let bad: number | undefined;
  while (bad === undefined && good < to) {
    const next = Math.min(to, 2 * good);
    if (await holds(next)) good = next;
    else bad = next;
  }
  for (let next = between(good, bad, precision); next !== undefined; next = between(good, bad, precision)) {
    if (await holds(next)) good = next;
    else bad = next;
  }
  return good;
}

/** A level between two, on the grid; undefined where the grid has none. */
function between(good: number, bad: number | undefined, precision: number): number | undefined {
  if (bad === undefined) return undefined;
  // Multiples of a fraction are not exact; a hair must not pass for a level of its own.
  const hair = precision / 1000;
  const next = Math.round((good + bad) / 2 / precision) * precision;
  return next > good + hair && next < bad - hair ? next : undefined;
}
