/** Weights over the columns `[STATE; v]`: a row of COEFFICIENTS, or a quantity on the way to one. */
export type Combination = readonly number[];

/** One column of `[STATE; v]` by itself; index `stateSize` is the velocity. */
export function column(index: number, stateSize: number): Combination {
  return Array.from({ length: stateSize + 1 }, (_, place) => Number(place === index));
}

/** The weighted sum of quantities. */
export function sum(...terms: readonly (readonly [weight: number, of: Combination])[]): Combination {
  const size = terms[0]?.[1].length ?? 0;
  return Array.from({ length: size }, (_, place) =>
    terms.reduce((total, [weight, of]) => total + weight * (of[place] ?? 0), 0),
  );
}
