/** The wire messages about the server itself; see {@link UnaryRpcs} for what asks with them. */
import type { DescribedModel } from "../../model-config/index.ts";

/** A message without fields. */
export type Empty = Readonly<Record<string, never>>;

/** A model, or one version of it; of some calls, every model where the name is empty. */
interface NamedModel {
  readonly name: string;
  readonly version?: string;
}

/** A tensor as the metadata of a model tells it on the wire. */
export interface TensorMessage {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly (string | number)[];
}

/** `ServerMetadataResponse` of the wire: grpc_service.proto. */
interface ServerMetadataResponse {
  readonly name: string;
  readonly version: string;
  readonly extensions: readonly string[];
}

/** `ModelMetadataResponse` of the wire: grpc_service.proto. */
export interface ModelMetadataResponse {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorMessage[];
  readonly outputs: readonly TensorMessage[];
}

/** `StatisticDuration` of the wire: grpc_service.proto. */
export interface DurationMessage {
  readonly count: string;
  readonly ns: string;
}

/** Durations by name; each may be missing. */
type Durations<Name extends string> = Readonly<Record<Name, DurationMessage | null>>;

/** Names of the durations of one execution. */
type ComputeName = "compute_input" | "compute_infer" | "compute_output";

/** `InferBatchStatistics` of the wire: grpc_service.proto. */
export type BatchStatisticsMessage = { readonly batch_size: string } & Durations<ComputeName>;

/** `InferResponseStatistics` of the wire: grpc_service.proto. */
export type ResponseStatisticsMessage = Durations<
  "compute_infer" | "compute_output" | "success" | "fail" | "empty_response" | "cancel"
>;

/** `MemoryUsage` of the wire: grpc_service.proto. */
export interface MemoryUsageMessage {
  readonly type: string;
  readonly id: string;
  readonly byte_size: string;
}

/** `ModelStatistics` of the wire: grpc_service.proto. */
export interface ModelStatisticsMessage {
  readonly name: string;
  readonly version: string;
  readonly last_inference: string;
  readonly inference_count: string;
  readonly execution_count: string;
  readonly inference_stats: Durations<
    "success" | "fail" | "queue" | ComputeName | "cache_hit" | "cache_miss"
  > | null;
  readonly batch_stats: readonly BatchStatisticsMessage[];
  readonly memory_usage: readonly MemoryUsageMessage[];
  readonly response_stats: Readonly<Record<string, ResponseStatisticsMessage>>;
}

/** `RepositoryIndexResponse.ModelIndex` of the wire: grpc_service.proto. */
export interface ModelIndexMessage {
  readonly name: string;
  readonly version: string;
  readonly state: string;
  readonly reason: string;
}

/** One of the members, which says what the value is. */
interface RepositoryParameter {
  readonly bool_param?: boolean;
  readonly string_param?: string;
  readonly bytes_param?: Uint8Array;
}

/** What loading and unloading are asked with on the wire. */
interface ModelControl {
  readonly model_name: string;
  readonly parameters: Readonly<Record<string, RepositoryParameter>>;
}

/** A setting of the tracing; no value sets it back. */
interface TraceValue {
  readonly value: readonly string[];
}

/** Settings of the tracing by name. */
export interface TraceMessage {
  readonly settings: Readonly<Record<string, TraceValue>>;
}

/** One of the members, which says what the value is. */
export interface LogValue {
  readonly bool_param?: boolean;
  readonly uint32_param?: number;
  readonly string_param?: string;
}

/** Settings of the log by name. */
export interface LogMessage {
  readonly settings: Readonly<Record<string, LogValue>>;
}

/** Request and response of every call about the server itself. */
export interface AdminRpcs {
  readonly ServerLive: { readonly request: Empty; readonly response: { readonly live: boolean } };
  readonly ServerReady: { readonly request: Empty; readonly response: { readonly ready: boolean } };
  readonly ServerMetadata: { readonly request: Empty; readonly response: ServerMetadataResponse };
  readonly ModelReady: { readonly request: NamedModel; readonly response: { readonly ready: boolean } };
  readonly ModelMetadata: { readonly request: NamedModel; readonly response: ModelMetadataResponse };
  readonly ModelConfig: {
    readonly request: NamedModel;
    readonly response: { readonly config: DescribedModel | null };
  };
  readonly ModelStatistics: {
    readonly request: NamedModel;
    readonly response: { readonly model_stats: readonly ModelStatisticsMessage[] };
  };
  readonly RepositoryIndex: {
    readonly request: { readonly ready?: boolean };
    readonly response: { readonly models: readonly ModelIndexMessage[] };
  };
  readonly RepositoryModelLoad: { readonly request: ModelControl; readonly response: Empty };
  readonly RepositoryModelUnload: { readonly request: ModelControl; readonly response: Empty };
  readonly TraceSetting: {
    readonly request: TraceMessage & { readonly model_name: string };
    readonly response: TraceMessage;
  };
  readonly LogSettings: { readonly request: LogMessage; readonly response: LogMessage };
  /** Of gRPC's own health service. */
  readonly Check: {
    readonly request: { readonly service: string };
    readonly response: { readonly status: string | number };
  };
}
