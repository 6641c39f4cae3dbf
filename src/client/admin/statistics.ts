import type {
  BatchStatisticsMessage,
  DurationMessage,
  MemoryUsageMessage,
  ModelStatisticsMessage,
  ResponseStatisticsMessage,
} from "../protocol/admin-messages.ts";
import { cleanText } from "../transport/clean-text.ts";

/** How often something happened, and how long that took in all. */
export interface Duration {
  readonly count: bigint;
  readonly ns: bigint;
}

/** Executions with one size of batch. */
export interface BatchStatistics {
  readonly size: bigint;
  readonly computeInput: Duration;
  readonly computeInfer: Duration;
  readonly computeOutput: Duration;
}

/** What a decoupled model did for its n-th response to each request. */
export interface ResponseStatistics {
  /** Number of the response, from 0. */
  readonly index: number;
  readonly computeInfer: Duration;
  readonly computeOutput: Duration;
  readonly success: Duration;
  readonly fail: Duration;
  readonly emptyResponse: Duration;
  readonly cancel: Duration;
}

/** Memory that a model holds, where its backend tells. */
export interface MemoryUsage {
  /** `CPU`, `CPU_PINNED` or `GPU`. */
  readonly type: string;
  /** Of the device. */
  readonly id: bigint;
  readonly bytes: bigint;
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
  /** By size of the batch; of a model without batches, all with size 1. */
  readonly batches: readonly BatchStatistics[];
  /** Of a decoupled model, by number of the response. */
  readonly responses: readonly ResponseStatistics[];
  /** Empty where the backend does not tell. */
  readonly memory: readonly MemoryUsage[];
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
    batches: message.batch_stats.map(batchOf),
    responses: Object.entries(message.response_stats).map(responseOf).sort(byIndex),
    memory: message.memory_usage.map(memoryOf),
  };
}

function batchOf(message: BatchStatisticsMessage): BatchStatistics {
  return {
    size: BigInt(message.batch_size),
    computeInput: duration(message.compute_input),
    computeInfer: duration(message.compute_infer),
    computeOutput: duration(message.compute_output),
  };
}

function responseOf([key, message]: readonly [string, ResponseStatisticsMessage]): ResponseStatistics {
  return {
    index: Number(key),
    computeInfer: duration(message.compute_infer),
    computeOutput: duration(message.compute_output),
    success: duration(message.success),
    fail: duration(message.fail),
    emptyResponse: duration(message.empty_response),
    cancel: duration(message.cancel),
  };
}

function byIndex(one: ResponseStatistics, other: ResponseStatistics): number {
  return one.index - other.index;
}

function memoryOf({ type, id, byte_size: bytes }: MemoryUsageMessage): MemoryUsage {
  return { type: cleanText(type), id: BigInt(id), bytes: BigInt(bytes) };
}

function duration(message: DurationMessage | null | undefined): Duration {
  return { count: BigInt(message?.count ?? 0), ns: BigInt(message?.ns ?? 0) };
}
