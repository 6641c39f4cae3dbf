import type { Stage } from "../../client/index.ts";
import type { ErrorCode } from "../../errors/index.ts";
import type { Contract, VariantContract } from "../../model-config/index.ts";
import type { Extent, Load } from "../plan/load.ts";
import type { Mix } from "../plan/mix.ts";

/** Version of the record format. */
export const RECORDS_VERSION = 1;

/** By which of a variant's front doors clips are asked for. */
export type Door = "stream" | "ensemble";

/** How long requests are sent before any is counted: whichever comes last, so that both hold. */
export interface WarmUp {
  readonly requests?: number | undefined;
  readonly durationMs?: number | undefined;
}

/** What is measured, and how: everything that makes two runs comparable. */
export interface Measurement {
  readonly load: Load;
  readonly extent: Extent;
  readonly warmUp: WarmUp;
  readonly mix: Mix;
  readonly seed: number;
  readonly door: Door;
  /** Most requests under way in an open loop; those beyond wait, and are told of. */
  readonly maxInFlight: number;
  /** Most time a clip may take, in milliseconds. */
  readonly deadlineMs: number;
}

/** The pipeline as far as a report needs it. */
export type MeasuredPipeline = Pick<Contract, "pipeline"> & {
  readonly video: NonNullable<Contract["video"]>;
  readonly variants: Readonly<Record<string, VariantContract>>;
};

/** The machine that sends the requests. */
export interface HostFacts {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly node: string;
  readonly platform: string;
}

/** First line of a record file. */
export interface StartRecord {
  readonly kind: "start";
  readonly format: "triptych-bench";
  readonly version: typeof RECORDS_VERSION;
  readonly name: string;
  /** Wall clock, for people; every other time counts from here on a clock that never jumps. */
  readonly startedAt: string;
  readonly measurement: Measurement;
  readonly pipeline: MeasuredPipeline;
  readonly server: { readonly name: string; readonly version: string };
  readonly endpoints: readonly string[];
  readonly host: HostFacts;
}

/** Steps and milliseconds of a stage, as the server told them. */
export type StageRecord = Readonly<Partial<Record<Stage, readonly [steps: number, ms: number]>>>;

/** One request. Times are milliseconds from the start of the run. */
export interface RequestRecord {
  readonly kind: "request";
  readonly index: number;
  readonly phase: "warm-up" | "measured";
  readonly variant: string;
  readonly prompt: number;
  readonly seed: number;
  readonly endpoint: number;
  /** When it should have been sent. */
  readonly dueMs: number;
  readonly sentMs: number;
  readonly doneMs: number;
  /** `ok`, or the code of the error. */
  readonly outcome: "ok" | ErrorCode;
  /** Bytes of the video. */
  readonly bytes?: number;
  readonly stages?: StageRecord;
  readonly message?: string;
}

/** A counter and its nanoseconds, as whole numbers of any size. */
export type Counted = readonly [count: string, ns: string];

/** What Triton has counted for one model between two readings. */
export interface ModelCounts {
  readonly model: string;
  readonly inferences: string;
  readonly executions: string;
  readonly success: Counted;
  readonly fail: Counted;
  readonly queue: Counted;
  readonly input: Counted;
  readonly infer: Counted;
  readonly output: Counted;
}

/** What the sender of requests saw of itself. */
export interface GeneratorFacts {
  /** Share of the time in which its event loop was busy. */
  readonly utilization: number;
  /** How late its timers fired, beyond their own resolution. */
  readonly loopDelayP99Ms: number;
  /** Requests that waited because too many were under way. */
  readonly capped: number;
}

/** What the machine of the sender did besides, as shares of all its cores. */
export interface HostLoad {
  readonly busy: number;
  readonly steal: number;
  /** Neither this process nor the measured server; absent where the server's part is not known. */
  readonly others?: number;
  /** How much slower than at its best a fixed piece of work ran before the run: 1 is a quiet machine. */
  readonly spin: number;
}

/** What a server process group used. */
export interface ProcessUse {
  readonly pid: number;
  readonly processes: number;
  /** Cores in use on average. */
  readonly cores: number;
  readonly meanRssBytes: number;
  readonly peakRssBytes: number;
}

/** What GPUs did, by Triton's metrics. */
export interface GpuUse {
  readonly gpus: number;
  /** Sum over GPUs of time by utilisation. */
  readonly gpuSeconds: number;
  readonly peakMemoryBytes: number;
  readonly joules?: number;
}

/** What the measured requests cost. */
export interface Resources {
  readonly process?: ProcessUse;
  readonly gpu?: GpuUse;
}

/** Last line of a record file; a file without it was cut off. */
export interface EndRecord {
  readonly kind: "end";
  /** Ended before its time by the person who ran it. */
  readonly interrupted: boolean;
  /** When the counted requests began to be sent. */
  readonly measuredFromMs: number;
  /** Empty where the statistics could not be read. */
  readonly models: readonly ModelCounts[];
  readonly generator: GeneratorFacts;
  readonly load: HostLoad;
  readonly resources: Resources;
  /** What could not be read, and why. */
  readonly missing: readonly string[];
}

/** A line of a record file. */
export type BenchRecord = StartRecord | RequestRecord | EndRecord;
