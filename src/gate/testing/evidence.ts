import type { HalfBlock, PairBlock, PairClip, SideName } from "../../bench/index.ts";
import { parseGate } from "../file/parse.ts";
import type { Gate } from "../file/types.ts";
import type { GateEvidence } from "../report/types.ts";

/** A clip that takes some time in the low-noise expert, and little elsewhere. */
export function clipOf(lowNoiseMs: number, changes: Partial<PairClip> = {}): PairClip {
  const stages = { high_noise: [2, 50], low_noise: [2, lowNoiseMs], vae_decoder: [1, 40] } as const;
  const responseMs = lowNoiseMs + 100;
  return { variant: "draft", prompt: 0, seed: 1, outcome: "ok", bytes: 10, stages, responseMs, ...changes };
}

/** Half a block on a quiet machine. */
export function halfOf(
  side: SideName,
  clips: readonly PairClip[],
  changes: Partial<HalfBlock> = {},
): HalfBlock {
  const generator = { utilization: 0.1, loopDelayP99Ms: 1 };
  return {
    side,
    clips,
    models: [],
    generator,
    load: { busy: 0.5, steal: 0, others: 0 },
    resources: {},
    ...changes,
  };
}

/** Blocks of a base and of a candidate whose low-noise expert takes some milliseconds more. */
export function blocksOf(count: number, moreMs: number, changes: Partial<HalfBlock> = {}): PairBlock[] {
  return Array.from({ length: count }, (_, block) => {
    const drift = 60 + 10 * Math.sin(block);
    const jitter = Math.cos(7 * block);
    return {
      block,
      halves: [
        halfOf("base", [clipOf(drift)], changes),
        halfOf("candidate", [clipOf(drift + jitter + moreMs)], changes),
      ],
    };
  });
}

/** Evidence of a run with a base. */
export function evidenceOf(changes: Partial<GateEvidence> = {}): GateEvidence {
  return {
    startedAt: "2026-11-29T12:00:00.000Z",
    sides: [
      { name: "base", source: "git:main", identity: "b", server: "triton 2.51.0" },
      { name: "candidate", source: "configs/wan-tiny.yaml", identity: "c", server: "triton 2.51.0" },
    ],
    host: "a machine",
    configuration: "k",
    blocks: blocksOf(20, 0),
    samples: [],
    adherence: {},
    ...changes,
  };
}

/** A gate of some checks, with twenty blocks before the first look. */
export function gateOf(checks: string): Gate {
  return parseGate(
    `version: 1\nname: g\nspec: s.yaml\nprompts: [a]\nblocks: 20\nmost: 40\nhistory: h.ndjson\nchecks:\n${checks}`,
    "g.yaml",
  ).gate;
}
