/**
 * The wire messages as proto-loader hands them over: field names as in grpc_service.proto,
 * 64-bit numbers as decimal strings on the way in. They never leave `client/`.
 */
import type { DescribedModel } from "../../model-config/index.ts";

/** A message without fields. */
type Empty = Readonly<Record<string, never>>;

export interface InferParameter {
  readonly bool_param?: boolean;
  readonly int64_param?: string | number;
  readonly string_param?: string;
  readonly double_param?: number;
  readonly uint64_param?: string | number;
}

export type InferParameters = Readonly<Record<string, InferParameter>>;

export interface TensorMessage {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly (string | number)[];
  readonly parameters?: InferParameters;
}

export interface RequestedOutputMessage {
  readonly name: string;
  readonly parameters?: InferParameters;
}

export interface ModelInferRequest {
  readonly model_name: string;
  readonly id: string;
  readonly parameters: InferParameters;
  readonly inputs: readonly TensorMessage[];
  readonly outputs: readonly RequestedOutputMessage[];
  readonly raw_input_contents: readonly Uint8Array[];
}

export interface ModelInferResponse {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly parameters: InferParameters;
  readonly outputs: readonly TensorMessage[];
  readonly raw_output_contents: readonly Uint8Array[];
}

export interface ModelStreamInferResponse {
  readonly error_message: string;
  readonly infer_response: ModelInferResponse | null;
}

interface ServerMetadataResponse {
  readonly name: string;
  readonly version: string;
  readonly extensions: readonly string[];
}

interface NamedModel {
  readonly name: string;
}

interface NamedRegion {
  readonly name: string;
}

export interface ModelMetadataResponse {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorMessage[];
  readonly outputs: readonly TensorMessage[];
}

export interface DurationMessage {
  readonly count: string;
  readonly ns: string;
}

interface InferStatisticsMessage {
  readonly success: DurationMessage | null;
  readonly fail: DurationMessage | null;
  readonly queue: DurationMessage | null;
  readonly compute_input: DurationMessage | null;
  readonly compute_infer: DurationMessage | null;
  readonly compute_output: DurationMessage | null;
  readonly cache_hit: DurationMessage | null;
  readonly cache_miss: DurationMessage | null;
}

export interface ModelStatisticsMessage {
  readonly name: string;
  readonly version: string;
  readonly last_inference: string;
  readonly inference_count: string;
  readonly execution_count: string;
  readonly inference_stats: InferStatisticsMessage | null;
}

export interface ModelIndexMessage {
  readonly name: string;
  readonly version: string;
  readonly state: string;
  readonly reason: string;
}

export interface SystemRegionMessage {
  readonly name: string;
  readonly key: string;
  readonly offset: string | number;
  readonly byte_size: string | number;
}

export interface CudaRegionMessage {
  readonly name: string;
  readonly device_id: string | number;
  readonly byte_size: string | number;
}

interface Regions<Region> {
  readonly regions: Readonly<Record<string, Region>>;
}

/** Request and response of every call that is answered once. */
export interface UnaryRpcs {
  readonly ServerLive: { readonly request: Empty; readonly response: { readonly live: boolean } };
  readonly ServerReady: { readonly request: Empty; readonly response: { readonly ready: boolean } };
  readonly ServerMetadata: { readonly request: Empty; readonly response: ServerMetadataResponse };
  readonly ModelReady: { readonly request: NamedModel; readonly response: { readonly ready: boolean } };
  readonly ModelMetadata: { readonly request: NamedModel; readonly response: ModelMetadataResponse };
  readonly ModelConfig: {
    readonly request: NamedModel;
    readonly response: { readonly config: DescribedModel | null };
  };
  readonly ModelInfer: { readonly request: ModelInferRequest; readonly response: ModelInferResponse };
  readonly ModelStatistics: {
    readonly request: NamedModel;
    readonly response: { readonly model_stats: readonly ModelStatisticsMessage[] };
  };
  readonly RepositoryIndex: {
    readonly request: Empty;
    readonly response: { readonly models: readonly ModelIndexMessage[] };
  };
  readonly SystemSharedMemoryStatus: {
    readonly request: NamedRegion;
    readonly response: Regions<SystemRegionMessage>;
  };
  readonly SystemSharedMemoryRegister: { readonly request: SystemRegionMessage; readonly response: Empty };
  readonly SystemSharedMemoryUnregister: { readonly request: NamedRegion; readonly response: Empty };
  readonly CudaSharedMemoryStatus: {
    readonly request: NamedRegion;
    readonly response: Regions<CudaRegionMessage>;
  };
  readonly CudaSharedMemoryRegister: {
    readonly request: CudaRegionMessage & { readonly raw_handle: Uint8Array };
    readonly response: Empty;
  };
  readonly CudaSharedMemoryUnregister: { readonly request: NamedRegion; readonly response: Empty };
}

/** Request and response of every call, by its name on the wire. */
export interface Rpcs extends UnaryRpcs {
  readonly ModelStreamInfer: {
    readonly request: ModelInferRequest;
    readonly response: ModelStreamInferResponse;
  };
}
