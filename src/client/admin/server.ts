import type { CallOptions } from "../options.ts";
import {
  type CudaSharedMemory,
  cudaSharedMemory,
  type SystemSharedMemory,
  systemSharedMemory,
} from "../shared-memory/registry.ts";
import { cleanText } from "../transport/clean-text.ts";
import type { Transport } from "../transport/transport.ts";
import { type ModelStatistics, readStatistics } from "./statistics.ts";

/** Who the server says it is. */
export interface ServerMetadata {
  readonly name: string;
  readonly version: string;
  readonly extensions: readonly string[];
}

/** How far a model of the repository is; `unknown` where the server does not say. */
export type ModelState = "ready" | "unavailable" | "loading" | "unloading" | "unknown";

/** One version of a model in the server's repository. */
export interface RepositoryEntry {
  readonly name: string;
  readonly version: string;
  readonly state: ModelState;
  /** Why it is not ready. */
  readonly reason: string;
}

/** Questions to the server about itself. */
export interface ServerClient {
  /** True if the process answers as running. */
  live(options?: CallOptions): Promise<boolean>;
  /** True if it takes requests: all its models are ready. */
  ready(options?: CallOptions): Promise<boolean>;
  metadata(options?: CallOptions): Promise<ServerMetadata>;
  /** Counters of one model, or of all: exact sums since it was loaded. */
  statistics(model?: string, options?: CallOptions): Promise<readonly ModelStatistics[]>;
  /** All models of the repository, loaded or not. */
  repositoryIndex(options?: CallOptions): Promise<readonly RepositoryEntry[]>;
  /** What the server has registered of this machine's memory. `connect` with `sharedMemory` does all that by itself. */
  readonly systemSharedMemory: SystemSharedMemory;
  /** What the server has registered of GPUs' memory. */
  readonly cudaSharedMemory: CudaSharedMemory;
}

/** The server behind a transport. */
export function serverClient(transport: Transport): ServerClient {
  return {
    live: async (options) => (await transport.unary("ServerLive", {}, options)).live,
    ready: async (options) => (await transport.unary("ServerReady", {}, options)).ready,
    metadata: async (options) => {
      const { name, version, extensions } = await transport.unary("ServerMetadata", {}, options);
      return { name: cleanText(name), version: cleanText(version), extensions: extensions.map(cleanText) };
    },
    statistics: async (model = "", options = {}) => {
      const call = model === "" ? options : { ...options, model };
      const { model_stats: stats } = await transport.unary("ModelStatistics", { name: model }, call);
      return stats.map(readStatistics);
    },
    repositoryIndex: (options) => repositoryIndex(transport, options),
    systemSharedMemory: systemSharedMemory(transport),
    cudaSharedMemory: cudaSharedMemory(transport),
  };
}

async function repositoryIndex(transport: Transport, options?: CallOptions): Promise<RepositoryEntry[]> {
  const { models } = await transport.unary("RepositoryIndex", {}, options);
  return models.map(({ name, version, state, reason }) => ({
    name: cleanText(name),
    version: cleanText(version),
    state: stateOf(state),
    reason: cleanText(reason),
  }));
}

function stateOf(text: string): ModelState {
  const states: readonly ModelState[] = ["ready", "unavailable", "loading", "unloading"];
  return states.find((state) => state === text.toLowerCase()) ?? "unknown";
}
