import { tmpdir } from "node:os";
import path from "node:path";
import { hostFacts, type PairBlock, runPairs, type Sample, sampleClips } from "../../bench/index.ts";
import { withLock } from "../../files/index.ts";
import {
  type Gate,
  type GateEvidence,
  type GateKnowledge,
  measuredVariants,
  type PartialEvidence,
  sampledVariants,
  wantsMore,
} from "../../gate/index.ts";
import type { Context } from "../context.ts";
import { AdherenceJudge } from "./adherence.ts";
import { configurationOf } from "./files.ts";
import type { OpenSide } from "./sides.ts";

/** The machine in words that tell whether two runs are comparable. */
function hostText(): string {
  const { cpu, cores, memoryBytes, platform } = hostFacts();
  return `${cpu}, ${cores} cores, ${Math.round(memoryBytes / 2 ** 30)} GiB, ${platform}`;
}

async function lookAtClips(context: Context, gate: Gate, sides: readonly OpenSide[]) {
  const variants = sampledVariants(gate);
  if (variants.length === 0) return { samples: [] as Sample[], adherence: {} };
  const judge = await AdherenceJudge.open(gate);
  try {
    const samples = await sampleClips({
      ...{ sides, variants, prompts: gate.prompts, count: gate.samples, seed: gate.seed },
      against: [...new Set(gate.checks.quality.flatMap(({ against }) => against ?? []))],
      onFrames: (sample, frames) => judge.add(sample, frames),
      signal: context.signal,
    });
    return { samples, adherence: await judge.shares(context.signal) };
  } finally {
    await judge.close();
  }
}

function showBlock({ terminal }: Context, { block, halves }: PairBlock): void {
  const said = halves
    .toSorted((a, b) => (a.side < b.side ? -1 : 1))
    .map(({ side, clips }) => {
      const mean = clips.reduce((sum, { responseMs }) => sum + responseMs, 0) / Math.max(1, clips.length);
      return `${side} ${mean.toFixed(0)} ms`;
    });
  const line = `  block ${block + 1}: ${said.join(", ")}`;
  if (terminal.interactive) terminal.rewrite(line);
  else if (block % 10 === 0) terminal.err(line);
}

/** How long blocks are measured, and who is told of each. */
export interface BlockOptions {
  readonly more: (blocks: readonly PairBlock[]) => boolean;
  readonly onBlock: (block: PairBlock) => void;
}

/** Blocks of the sides; a lock of the host keeps two gates from measuring each other. */
export async function measureBlocks(
  context: Context,
  gate: Gate,
  sides: readonly OpenSide[],
  { more, onBlock }: BlockOptions,
): Promise<PairBlock[]> {
  const variants = measuredVariants(gate);
  if (variants.length === 0) return [];
  const lock = path.join(tmpdir(), "triptych-gate.lock");
  const onWait = (): void => {
    context.terminal.err("waiting for another gate on this machine");
  };
  const { seed, prompts, clips, warmUp } = gate;
  const work = () =>
    runPairs({
      ...{ sides, variants, prompts, seed, clips, warmUp, more, signal: context.signal },
      onBlock: (block) => {
        onBlock(block);
        showBlock(context, block);
      },
    });
  return withLock(lock, { signal: context.signal, onWait }, work);
}

/** What is known of a run before anything is measured. */
export function beginning(gate: Gate): Omit<PartialEvidence, "sides" | "blocks"> {
  return { startedAt: new Date().toISOString(), host: hostText(), configuration: configurationOf(gate) };
}

/** Everything that a gate is judged by. */
export async function gather(
  context: Context,
  gate: Gate,
  frame: Omit<PartialEvidence, "blocks">,
  run: { readonly sides: readonly OpenSide[]; readonly known: GateKnowledge } & Pick<BlockOptions, "onBlock">,
): Promise<GateEvidence> {
  const { sides, known, onBlock } = run;
  const looked = await lookAtClips(context, gate, sides);
  const more = (so: readonly PairBlock[]) => wantsMore(gate, { ...frame, ...looked, blocks: so }, known);
  const blocks = await measureBlocks(context, gate, sides, { more, onBlock });
  return { ...frame, ...looked, blocks };
}
