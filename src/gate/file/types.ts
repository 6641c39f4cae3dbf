import type { CheckDocuments } from "./schema.ts";

/** The layers of a gate, in the order they are told. */
export const LAYERS = ["exact", "quality", "slo", "relative", "trend"] as const;

/** What kind of check. */
export type Layer = keyof CheckDocuments;

/** A check with its name and layer. */
export type GateCheck<L extends Layer = Layer> = {
  [K in L]: { readonly name: string; readonly layer: K } & CheckDocuments[K];
}[L];

/** From when on a block is left out: shares of time, of cores, and of a clip's time. */
export interface HostLimits {
  readonly steal: number;
  readonly others: number;
  readonly timers: number;
}

/** A gate file with its defaults. Paths are as written, relative to the file. */
export interface Gate {
  readonly name: string;
  readonly spec: string;
  readonly accepted?: string | undefined;
  readonly history?: string | undefined;
  readonly seed: number;
  readonly prompts: readonly string[];
  readonly blocks: number;
  readonly most: number;
  readonly clips: number;
  readonly warmUp: number;
  readonly samples: number;
  readonly deadlineMs: number;
  readonly host: HostLimits;
  readonly checks: { readonly [L in Layer]: readonly GateCheck<L>[] };
}

const variantsOf = (checks: readonly { readonly variant: string }[]): string[] => [
  ...new Set(checks.map(({ variant }) => variant)),
];

/** Variants that are measured in blocks, in the order they are named. */
export function measuredVariants({ checks }: Gate): string[] {
  const counted = checks.exact.filter(({ metric }) => metric === "calls");
  return variantsOf([...checks.relative, ...checks.slo, ...checks.trend, ...counted]);
}

/** Variants of which clips are made to be looked at. */
export function sampledVariants({ checks }: Gate): string[] {
  const looked = checks.exact.filter(({ metric }) => metric !== "calls");
  return variantsOf([...looked, ...checks.quality]);
}
