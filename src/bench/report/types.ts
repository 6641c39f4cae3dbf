import type { ErrorCount } from "../records/collect.ts";
import type {
  GeneratorFacts,
  HostFacts,
  HostLoad,
  MeasuredPipeline,
  Measurement,
  ModelCounts,
  Resources,
} from "../records/types.ts";
import type { Summary } from "../stats/summary.ts";

/** Version of the report format. */
export const REPORT_VERSION = 1;

/** A part of the time of a request, in milliseconds a request. */
export interface TimePart {
  /** `client`, `queue`, a stage, or `residual`. */
  readonly name: string;
  readonly perRequestMs: number;
  /** Of the whole. */
  readonly share: number;
  /** Models that run here; none where no model does. */
  readonly models: readonly ModelTime[];
}

/** A model's part, by Triton's own counters. */
export interface ModelTime {
  readonly model: string;
  readonly callsPerRequest: number;
  /** From arrival to answer, queue included. */
  readonly perCallMs: number;
  readonly perRequestMs: number;
  /** Of one request: in the queue, reading inputs, running, writing outputs. */
  readonly queueMs: number;
  readonly inputMs: number;
  readonly inferMs: number;
  readonly outputMs: number;
}

/** Where the time of a request goes: the parts add up to the whole. */
export interface TimeTree {
  /** Mean response time, from due to done. */
  readonly wholeMs: number;
  readonly parts: readonly TimePart[];
  /** Requests that all front doors counted, beyond the measured ones: other people's, or failed here. */
  readonly foreignRequests: number;
  /** Calls of models that the measured requests did not make. */
  readonly foreignCalls: readonly ForeignCalls[];
}

/** Calls of a model by others. */
export interface ForeignCalls {
  readonly model: string;
  readonly calls: number;
}

/** A stage as the stream's progress told it. */
export interface StageMean {
  readonly stage: string;
  readonly stepsPerRequest: number;
  readonly perStepMs: number;
  readonly perRequestMs: number;
}

/** What a video user counts in. */
export interface VideoUnits {
  readonly framesPerSecond: number;
  /** Seconds of response time for a second of video. */
  readonly secondsPerVideoSecond: number;
  /** Bytes of a clip. */
  readonly meanBytes: number;
  readonly gpuSecondsPerClip?: number;
  readonly joulesPerClip?: number;
}

/** One variant within a point. */
export interface VariantResult {
  readonly variant: string;
  readonly responseMs: Summary;
  /** Absent where the door tells no progress. */
  readonly stages: readonly StageMean[];
  /** Steps of each expert in a request. */
  readonly highNoiseSteps?: number;
  readonly lowNoiseSteps?: number;
}

/** A stretch of the run in a plot of latency over time. */
export interface Stretch {
  /** Middle, in seconds from the start of what was measured. */
  readonly atSeconds: number;
  readonly n: number;
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** A bar of the distribution of response times. */
export interface Bin {
  readonly fromMs: number;
  readonly toMs: number;
  readonly count: number;
}

/**
 * Whether a measurement can be trusted in one respect; `unknown` where what it takes was not recorded, `warned` where
 * a reader must know of something that is no doubt about the numbers themselves.
 */
export interface Check {
  readonly name: "requests" | "failures" | "complete" | "generator" | "host" | "server";
  readonly verdict: "passed" | "warned" | "failed" | "unknown";
  readonly message: string;
}

/** One load that was measured. */
export interface Point {
  readonly name: string;
  readonly startedAt: string;
  readonly measurement: Measurement;
  readonly host: HostFacts;
  readonly server: { readonly name: string; readonly version: string };
  readonly endpoints: readonly string[];
  readonly interrupted: boolean;
  /** False where the end of the run is not recorded. */
  readonly complete: boolean;
  readonly requests: {
    readonly succeeded: number;
    readonly failed: number;
    readonly warmUp: number;
    readonly errors: readonly ErrorCount[];
  };
  /** From when the first request was due to when the last was done. */
  readonly spanSeconds: number;
  /** Clips that succeeded, in a second of the span. */
  readonly clipsPerSecond: number;
  /** Its 95 % interval, where there are enough clips for one. */
  readonly clipsPerSecondInterval?: readonly [number, number];
  /** Due to done; absent where no request succeeded. */
  readonly responseMs?: Summary;
  /** Sent to done. */
  readonly serviceMs?: Summary;
  /** Due to sent, of failed requests too. */
  readonly lagMs?: Summary;
  readonly units?: VideoUnits;
  readonly variants: readonly VariantResult[];
  /** Absent where the server's statistics are not recorded. */
  readonly time?: TimeTree;
  /** Triton's counters, exact, in decimal digits. */
  readonly models: readonly ModelCounts[];
  readonly resources: Resources;
  readonly generator?: GeneratorFacts;
  readonly load?: HostLoad;
  readonly checks: readonly Check[];
  readonly missing: readonly string[];
  readonly overTime: readonly Stretch[];
  readonly distribution: readonly Bin[];
}

/** A variant in one line: how fast, how large, how good. */
export interface VariantSummary {
  readonly variant: string;
  /** The point that speed and memory are of. */
  readonly point: string;
  readonly meanMs?: number;
  readonly clipsPerSecond: number;
  readonly peakRssBytes?: number;
  /** Bytes of its experts on disk. */
  readonly expertBytes?: number;
  /** What a gate found of its clips, by metric: the worst clip, or the share that is right. */
  readonly quality: Readonly<Record<string, number>>;
}

/** Everything that was measured, in one document; every other format is made of it. */
export interface Report {
  readonly format: "triptych-report";
  readonly version: typeof REPORT_VERSION;
  readonly pipeline: MeasuredPipeline;
  readonly points: readonly Point[];
  /** Names of the points that no other beats in both throughput and mean response time. */
  readonly frontier: readonly string[];
  /** Speed, size and quality side by side, where size or quality is known. */
  readonly variants?: readonly VariantSummary[];
}
