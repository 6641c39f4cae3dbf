import type { ModelConfigMessage } from "../../model-config/index.ts";
import type { CallOptions } from "../options.ts";
import {
  type CudaSharedMemory,
  cudaSharedMemory,
  type SystemSharedMemory,
  systemSharedMemory,
} from "../shared-memory/registry.ts";
import { shownName } from "../shown.ts";
import type { Transport } from "../transport/transport.ts";
import {
  type ModelMetadata,
  type ModelOptions,
  modelConfig,
  modelMetadata,
  namedModel,
  type ServerMetadata,
  serverMetadata,
} from "./describe.ts";
import {
  type HealthOptions,
  type HealthState,
  health,
  type ReadyOptions,
  type WatchOptions,
  waitUntilReady,
  watchHealth,
} from "./health.ts";
import { type LogChanges, type LogSettings, logSettings } from "./log-settings.ts";
import {
  type IndexOptions,
  type LoadOptions,
  loadModel,
  type RepositoryEntry,
  repositoryIndex,
  type UnloadOptions,
  unloadModel,
} from "./repository.ts";
import { type ModelStatistics, readStatistics } from "./statistics.ts";
import { type StatisticsSince, statisticsSince } from "./statistics-since.ts";
import { type TraceChanges, type TraceOptions, type TraceSettings, traceSettings } from "./trace-settings.ts";

/** The server itself: its health, its models and its settings. */
export interface ServerClient {
  /** True if the process answers as running. */
  live(options?: CallOptions): Promise<boolean>;
  /** True if it takes requests: all its models are ready. */
  ready(options?: CallOptions): Promise<boolean>;
  /** True if the model takes requests; false if it does not, or there is none. */
  modelReady(model: string, options?: ModelOptions): Promise<boolean>;
  /**
   * Fulfils when the server, and the models named, take requests; within a minute where `deadlineMs` says nothing else.
   *
   * @throws TriptychError `deadline-exceeded` with what is not ready.
   */
  waitUntilReady(options?: ReadyOptions): Promise<void>;
  /** How it is, by gRPC's own health protocol. */
  health(options?: HealthOptions): Promise<HealthState>;
  /** How it is now, then each change of that; looks every `pollMs`, until the loop is left or the signal aborts. */
  watchHealth(options?: WatchOptions): AsyncIterable<HealthState>;
  /** Name, version and extensions of the server. */
  metadata(options?: CallOptions): Promise<ServerMetadata>;
  /**
   * Tensors, platform and versions of a loaded model.
   *
   * @throws TriptychError `model-not-found`.
   */
  modelMetadata(model: string, options?: ModelOptions): Promise<ModelMetadata>;
  /**
   * The whole configuration of a loaded model, with what the server filled in: as `readModelConfig` gives it for a file,
   * without what equals the default.
   *
   * @throws TriptychError `model-not-found`; `request-invalid` where the server does not show its configurations.
   */
  modelConfig(model: string, options?: ModelOptions): Promise<ModelConfigMessage>;
  /** Counters of one model, or of all: exact sums since it was loaded. */
  statistics(model?: string, options?: ModelOptions): Promise<readonly ModelStatistics[]>;
  /** What was counted since an earlier reading, of the models in that reading. */
  statisticsSince(
    before: readonly ModelStatistics[],
    options?: CallOptions,
  ): Promise<readonly StatisticsSince[]>;
  /** What the server has registered of this machine's memory. `connect` with `sharedMemory` does all that by itself. */
  readonly systemSharedMemory: SystemSharedMemory;
  /** What the server has registered of GPUs' memory. */
  readonly cudaSharedMemory: CudaSharedMemory;
  /** Every model of the repository, loaded or not, with the reason where one failed. */
  repositoryIndex(options?: IndexOptions): Promise<readonly RepositoryEntry[]>;
  /**
   * Loads a model, or loads it anew, and fulfils when it is ready. Needs explicit model control. An hour is its deadline
   * where nothing else is said.
   *
   * @throws TriptychError `model-load-failed` with the server's reason; `request-invalid` for overrides that are none,
   * and where the server does not allow it.
   */
  load(model: string, options?: LoadOptions): Promise<void>;
  /**
   * Unloads a model and fulfils when it is gone: requests that run are finished first.
   *
   * @throws TriptychError `model-not-found`; `request-invalid` where the server does not allow it.
   */
  unload(model: string, options?: UnloadOptions): Promise<void>;
  /** The settings of tracing, of all models or of one. */
  traceSettings(options?: TraceOptions): Promise<TraceSettings>;
  /**
   * Changes what is traced, and gives what then holds.
   *
   * @throws TriptychError `request-invalid` for a value that the server does not know, and where it cannot trace, such as
   * without a file to write to (`--trace-config=triton,file=…`).
   */
  updateTraceSettings(changes: TraceChanges, options?: TraceOptions): Promise<TraceSettings>;
  /** The settings of the log. */
  logSettings(options?: CallOptions): Promise<LogSettings>;
  /**
   * Changes what goes into the server's log, and gives what then holds.
   *
   * @throws TriptychError `request-invalid` for a value that the server does not know.
   */
  updateLogSettings(changes: LogChanges, options?: CallOptions): Promise<LogSettings>;
}

/** The server behind a transport. */
export function serverClient(transport: Transport): ServerClient {
  return {
    live: async (options) => (await transport.unary("ServerLive", {}, options)).live,
    ready: async (options) => (await transport.unary("ServerReady", {}, options)).ready,
    modelReady: async (model, options = {}) => {
      const request = namedModel(model, options.version);
      return (await transport.unary("ModelReady", request, { ...options, model: shownName(model) })).ready;
    },
    waitUntilReady: (options) => waitUntilReady(transport, options),
    health: (options) => health(transport, options),
    watchHealth: (options) => watchHealth(transport, options),
    metadata: (options) => serverMetadata(transport, options),
    modelMetadata: (model, options) => modelMetadata(transport, model, options),
    modelConfig: (model, options) => modelConfig(transport, model, options),
    statistics: (model, options) => statistics(transport, model, options),
    statisticsSince: (before, options) => since(transport, before, options),
    repositoryIndex: (options) => repositoryIndex(transport, options),
    systemSharedMemory: systemSharedMemory(transport),
    cudaSharedMemory: cudaSharedMemory(transport),
    load: (model, options) => loadModel(transport, model, options),
    unload: (model, options) => unloadModel(transport, model, options),
    traceSettings: (options) => traceSettings(transport, {}, options),
    updateTraceSettings: (changes, options) => traceSettings(transport, changes, options),
    logSettings: (options) => logSettings(transport, {}, options),
    updateLogSettings: (changes, options) => logSettings(transport, changes, options),
  };
}

async function statistics(
  transport: Transport,
  model = "",
  options: ModelOptions = {},
): Promise<ModelStatistics[]> {
  const call = model === "" ? options : { ...options, model: shownName(model) };
  const request = namedModel(model, options.version);
  const { model_stats: stats } = await transport.unary("ModelStatistics", request, call);
  return stats.map(readStatistics);
}

async function since(
  transport: Transport,
  before: readonly ModelStatistics[],
  options?: CallOptions,
): Promise<StatisticsSince[]> {
  const names = new Set(before.map(({ name }) => name));
  const [only] = names;
  const after = await statistics(transport, names.size === 1 ? only : "", options);
  return statisticsSince(
    before,
    after.filter(({ name }) => names.has(name)),
  );
}
