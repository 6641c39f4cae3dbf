import type { PairBlock, Sample, SideName } from "../../bench/index.ts";
import type { Layer } from "../file/types.ts";
import type { RatioEstimate, Verdict } from "../stats/verdict.ts";

/** Version of the verdict format. */
export const VERDICT_VERSION = 1;

/** What a check says. */
export interface CheckResult {
  readonly name: string;
  readonly layer: Layer;
  readonly variant: string;
  readonly metric: string;
  readonly severity: "fail" | "warn";
  readonly verdict: Verdict;
  /** One line with the numbers. */
  readonly message: string;
  /** What was measured, as `triptych gate accept` takes it: a number, or a digest. */
  readonly value?: number | string;
  readonly estimate?: RatioEstimate;
  /** Why a value other than the base's was accepted, where it was. */
  readonly accepted?: string;
}

/** How much more time a part of a clip takes on the candidate, in milliseconds. */
export interface PartDelta {
  readonly variant: string;
  /** A stage, or `outside`: the client, the network, queues and hand-overs. */
  readonly part: string;
  readonly baseMs: number;
  readonly deltaMs: number;
  /** 95 % on each side; absent where there are too few blocks. */
  readonly low?: number;
  readonly high?: number;
  readonly sentence: string;
}

/** What a side is. */
export interface SideFacts {
  readonly name: SideName;
  /** As a person named it. */
  readonly source: string;
  /** Digest of what it serves: an accepted ratio holds for one base. */
  readonly identity: string;
  readonly server: string;
}

/** Everything that judging takes. */
export interface GateEvidence {
  readonly startedAt: string;
  readonly sides: readonly SideFacts[];
  readonly host: string;
  /** Digest of what decides the requests: seed, prompts, variants, clips. */
  readonly configuration: string;
  readonly blocks: readonly PairBlock[];
  readonly samples: readonly Sample[];
  /** Share of clips that were right, by name of the check. */
  readonly adherence: Readonly<Record<string, number>>;
}

/** What a gate says of a candidate, in one document; every other format is made of it. */
export interface GateReport {
  readonly format: "triptych-gate";
  readonly version: typeof VERDICT_VERSION;
  readonly gate: string;
  readonly startedAt: string;
  readonly sides: readonly SideFacts[];
  readonly host: string;
  readonly configuration: string;
  readonly verdict: Verdict;
  readonly checks: readonly CheckResult[];
  readonly blocks: {
    readonly measured: number;
    readonly usable: number;
    readonly dropped: readonly string[];
  };
  /** Ranked: what takes most more time comes first. */
  readonly parts: readonly PartDelta[];
  /** Highest chance that a candidate that is no slower fails by any relative check. */
  readonly familyRisk: number;
}
