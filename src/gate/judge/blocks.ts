import type { HalfBlock, PairBlock, PairClip, SideName } from "../../bench/index.ts";
import type { HostLimits } from "../file/types.ts";

/** More than this share of blocks left out, and the run says nothing. */
export const MOST_DROPPED = 0.25;

/** Timers of a busy machine are late by this much without anybody being in the way. */
const LEAST_TIMER_MS = 5;
const MOST_BUSY = 0.85;

/** A side's half of a block. */
export function halfOf(block: PairBlock, side: SideName): HalfBlock | undefined {
  return block.halves.find((half) => half.side === side);
}

/** Clips of a half that succeeded. */
export function goodClips(half: HalfBlock | undefined, variant: string): readonly PairClip[] {
  return half?.clips.filter((clip) => clip.variant === variant && clip.outcome === "ok") ?? [];
}

/** The middle of values: the mean of the two middle ones where their number is even. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}

/** The mean of values. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function halfTrouble({ clips, generator, load }: HalfBlock, limits: HostLimits): string | undefined {
  const typical = medianOf(clips.map(({ responseMs }) => responseMs));
  if (generator.loopDelayP99Ms > Math.max(LEAST_TIMER_MS, limits.timers * typical))
    return `the sender stalled for ${generator.loopDelayP99Ms.toFixed(0)} ms`;
  if (generator.utilization > MOST_BUSY) return "the sender was busy all the time";
  if (load.steal > limits.steal) return `the hypervisor took ${(100 * load.steal).toFixed(0)} % of the time`;
  if (load.others === undefined || load.others <= limits.others) return undefined;
  return `other programs used ${(100 * load.others).toFixed(0)} % of the cores`;
}

/** Blocks that can be used, and why others were left out. */
export interface Sifted {
  readonly usable: readonly PairBlock[];
  readonly dropped: readonly string[];
}

/** Leaves out blocks in which the sender or its machine was in the way, on either side. */
export function siftBlocks(blocks: readonly PairBlock[], limits: HostLimits): Sifted {
  const troubles = blocks.map(({ halves }) =>
    halves.flatMap((half) => halfTrouble(half, limits) ?? []).at(0),
  );
  return {
    usable: blocks.filter((_, index) => troubles[index] === undefined),
    dropped: troubles.flatMap((trouble, index) =>
      trouble === undefined ? [] : [`block ${index + 1}: ${trouble}`],
    ),
  };
}

/** True where so many blocks were left out that what is left says nothing. */
export function isBroken({ usable, dropped }: Sifted): boolean {
  const all = usable.length + dropped.length;
  return all > 0 && dropped.length / all > MOST_DROPPED;
}
