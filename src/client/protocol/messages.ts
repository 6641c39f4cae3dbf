/**
 * The wire messages as proto-loader hands them over: field names as in grpc_service.proto,
 * 64-bit numbers as decimal strings on the way in. They never leave `client/`.
 */
import type { AdminRpcs, TensorMessage } from "./admin-messages.ts";

export type { ModelIndexMessage, ModelMetadataResponse, TensorMessage } from "./admin-messages.ts";

export interface InferParameter {
  readonly bool_param?: boolean;
  readonly int64_param?: string | number;
  readonly string_param?: string;
  readonly double_param?: number;
  readonly uint64_param?: string | number;
}

export type InferParameters = Readonly<Record<string, InferParameter>>;

export interface ModelInferRequest {
  readonly model_name: string;
  readonly id: string;
  readonly parameters: InferParameters;
  readonly inputs: readonly TensorMessage[];
  readonly outputs: readonly { readonly name: string }[];
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

/** Request and response of every call that is answered once. */
export interface UnaryRpcs extends AdminRpcs {
  readonly ModelInfer: { readonly request: ModelInferRequest; readonly response: ModelInferResponse };
}

/** Request and response of every call, by its name on the wire. */
export interface Rpcs extends UnaryRpcs {
  readonly ModelStreamInfer: {
    readonly request: ModelInferRequest;
    readonly response: ModelStreamInferResponse;
  };
}
