import type { DurationMessage, ModelStatisticsMessage } from "../protocol/messages.ts";
import { cleanText } from "../transport/clean-text.ts";

/** How often something happened, and how long that took in all. */
export interface Duration {
  readonly count: bigint;
  readonly ns: bigint;
}

/** What Triton has counted for one version of a model since it was loaded. */
export interface ModelStatistics {
  readonly name: string;
  readonly version: string;
  /** Milliseconds since 1970; 0 if there was none. */
  readonly lastInferenceMs: bigint;
  /** Inferences done; a batch of n counts n. */
  readonly inferenceCount: bigint;
  /** Times the model ran; a batch counts once. */
  readonly executionCount: bigint;
  /** Requests from arrival to answer, by how they ended. */
  readonly success: Duration;
  readonly fail: Duration;
  /** Where the time of the successful ones went. */
  readonly queue: Duration;
  readonly computeInput: Duration;
  readonly computeInfer: Duration;
  readonly computeOutput: Duration;
  readonly cacheHit: Duration;
  readonly cacheMiss: Duration;
}

/** Counters as numbers that are exact beyond 2^53. */
export function readStatistics(message: ModelStatisticsMessage): ModelStatistics {
  const stats = message.inference_stats;
  return {
    name: cleanText(message.name),
    version: cleanText(message.version),
    lastInferenceMs: BigInt(message.last_inference),
    inferenceCount: BigInt(message.inference_count),
    executionCount: BigInt(message.execution_count),
    success: duration(stats?.success),
    fail: duration(stats?.fail),
    queue: duration(stats?.queue),
    computeInput: duration(stats?.compute_input),
    computeInfer: duration(stats?.compute_infer),
    computeOutput: duration(stats?.compute_output),
    cacheHit: duration(stats?.cache_hit),
    cacheMiss: duration(stats?.cache_miss),
  };
}

function duration(message: DurationMessage | null | undefined): Duration {
  return { count: BigInt(message?.count ?? 0), ns: BigInt(message?.ns ?? 0) };
}
