import type { GeneratorFacts, HostLoad, ModelCounts, RequestRecord, Resources } from "../records/types.ts";

/** The two that are compared. */
export type SideName = "base" | "candidate";

/** One clip of a block. */
export type PairClip = Pick<
  RequestRecord,
  "variant" | "prompt" | "seed" | "outcome" | "bytes" | "stages" | "message"
> & {
  /** From sent to done: one clip at a time is due when it is sent. */
  readonly responseMs: number;
};

/** What one side did in a block. */
export interface HalfBlock {
  readonly side: SideName;
  readonly clips: readonly PairClip[];
  /** What Triton counted; empty where it could not be read. */
  readonly models: readonly ModelCounts[];
  readonly generator: Omit<GeneratorFacts, "capped">;
  readonly load: Omit<HostLoad, "spin">;
  readonly resources: Resources;
}

/** Both sides with the same requests, one after the other; one half where nothing is compared. */
export interface PairBlock {
  readonly block: number;
  /** In the order they ran. */
  readonly halves: readonly HalfBlock[];
}
