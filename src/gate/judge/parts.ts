import type { HalfBlock, ModelCounts, PairBlock } from "../../bench/index.ts";
import type { PartDelta } from "../report/types.ts";
import { hodgesLehmann, signedRankBounds } from "../stats/signed-rank.ts";
import { PASS_RISK } from "../stats/verdict.ts";
import { goodClips, halfOf, meanOf, medianOf } from "./blocks.ts";

const OUTSIDE = "outside";

/** Milliseconds a clip in each part; what is no stage is outside. */
function partsOf(half: HalfBlock | undefined, variant: string): Map<string, number> {
  const clips = goodClips(half, variant);
  const parts = new Map<string, number>();
  if (clips.length === 0) return parts;
  const whole = meanOf(clips.map(({ responseMs }) => responseMs));
  for (const { stages = {} } of clips)
    for (const [stage, [, ms]] of Object.entries(stages))
      parts.set(stage, (parts.get(stage) ?? 0) + ms / clips.length);
  const inside = [...parts.values()].reduce((sum, ms) => sum + ms, 0);
  return parts.set(OUTSIDE, whole - inside);
}

type Phase = "queue" | "input" | "infer" | "output";
const PHASES: readonly Phase[] = ["infer", "queue", "input", "output"];

/** What a person looks at first, by what of a model's time has grown. */
const ADVICE: Readonly<Record<Phase, string>> = {
  infer: "the model itself computes longer: look at weights, precision, engine, threads and clocks",
  queue: "requests wait for it: look at load, instances and batching",
  input: "its inputs take longer to read: look at shapes, datatypes and where tensors lie",
  output: "its outputs take longer to write: look at shapes, datatypes and where tensors lie",
};

/** Milliseconds a clip that a stage's models spend in a phase. */
function phaseMs(half: HalfBlock | undefined, models: ReadonlySet<string>, phase: Phase): number {
  const ns = (half?.models ?? [])
    .filter(({ model }: ModelCounts) => models.has(model))
    .reduce((sum, counts) => sum + Number(BigInt(counts[phase][1]) / 1000n) / 1000, 0);
  return ns / Math.max(1, half?.clips.length ?? 0);
}

/** Which phase of a stage's models grew most. */
function grownPhase(blocks: readonly PairBlock[], variant: string, stage: string): Phase | undefined {
  const models = new Set([stage, `${variant}_${stage}`]);
  const grown = PHASES.map((phase) => {
    const deltas = blocks.map(
      (block) =>
        phaseMs(halfOf(block, "candidate"), models, phase) - phaseMs(halfOf(block, "base"), models, phase),
    );
    return { phase, delta: medianOf(deltas) };
  });
  return grown.filter(({ delta }) => delta > 0).sort((a, b) => b.delta - a.delta)[0]?.phase;
}

function sentenceOf(blocks: readonly PairBlock[], part: Omit<PartDelta, "sentence">): string {
  const { variant, low, high, deltaMs, baseMs } = part;
  const name = part.part === OUTSIDE ? "what lies outside the stages" : part.part;
  if (low === undefined || high === undefined) return `${name} of ${variant}: too few blocks to tell.`;
  if (low <= 0 && high >= 0) return `${name} of ${variant} takes as long as before, as far as can be told.`;
  const change = `${Math.abs(deltaMs).toFixed(1)} ms ${deltaMs > 0 ? "longer" : "less"} for a clip`;
  const share = `${((100 * Math.abs(deltaMs)) / Math.max(baseMs, 1e-9)).toFixed(0)} % of ${baseMs.toFixed(1)} ms`;
  const said = `${name} of ${variant} takes ${change} (${share})`;
  if (deltaMs < 0) return `${said}.`;
  if (part.part === OUTSIDE)
    return `${said}: look at the client, the network, sizes of messages and hand-overs between models.`;
  const phase = grownPhase(blocks, variant, part.part);
  return phase === undefined ? `${said}.` : `${said}; ${ADVICE[phase]}.`;
}

function deltaOf(blocks: readonly PairBlock[], variant: string, part: string): PartDelta | undefined {
  const pairs = blocks.flatMap((block) => {
    const [base, candidate] = (["base", "candidate"] as const).map((side) =>
      partsOf(halfOf(block, side), variant).get(part),
    );
    return base === undefined || candidate === undefined ? [] : [{ base, candidate }];
  });
  if (pairs.length === 0) return undefined;
  const differences = pairs.map(({ base, candidate }) => candidate - base);
  const found = {
    ...{
      variant,
      part,
      baseMs: medianOf(pairs.map(({ base }) => base)),
      deltaMs: hodgesLehmann(differences),
    },
    ...signedRankBounds(differences, PASS_RISK),
  };
  return { ...found, sentence: sentenceOf(blocks, found) };
}

/** A change that is certain ranks before one that is not, and the larger before the smaller. */
function weight({ low = 0, high = 0, deltaMs }: PartDelta): number {
  const certain = low > 0 || high < 0;
  return Math.abs(deltaMs) + (certain ? 1e9 : 0) - (certain && deltaMs < 0 ? 5e8 : 0);
}

/** Where the difference of two sides lies: parts of a clip's time, what has grown most first. */
export function partDeltas(blocks: readonly PairBlock[], variants: readonly string[]): PartDelta[] {
  return variants
    .flatMap((variant) => {
      const names = blocks.flatMap((block) => [...partsOf(halfOf(block, "base"), variant).keys()]);
      return [...new Set(names)].flatMap((part) => deltaOf(blocks, variant, part) ?? []);
    })
    .sort((a, b) => weight(b) - weight(a));
}
