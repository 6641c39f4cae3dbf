/**
 * The wire messages as proto-loader hands them over: field names as in grpc_service.proto,
 * 64-bit numbers as decimal strings on the way in. They never leave `client/`.
 */
import type { AdminRpcs, TensorMessage } from "./admin-messages.ts";
import type { SharedMemoryRpcs } from "./shared-memory-messages.ts";

export type { ModelIndexMessage, ModelMetadataResponse, TensorMessage } from "./admin-messages.ts";

/** `InferParameter` of the wire: grpc_service.proto. */
export interface InferParameter {
  readonly bool_param?: boolean;
  readonly int64_param?: string | number;
  readonly string_param?: string;
  readonly double_param?: number;
  readonly uint64_param?: string | number;
}

/** Parameters of a request, answer or tensor by name. */
export type InferParameters = Readonly<Record<string, InferParameter>>;

/** Elements spelt out by type; those of other types than the tensor's are empty. */
export interface TensorContents {
  readonly bool_contents?: readonly boolean[];
  readonly int_contents?: readonly number[];
  readonly int64_contents?: readonly string[];
  readonly uint_contents?: readonly number[];
  readonly uint64_contents?: readonly string[];
  readonly fp32_contents?: readonly number[];
  readonly fp64_contents?: readonly number[];
  readonly bytes_contents?: readonly Uint8Array[];
}

/** A tensor of an answer; its data is among the raw contents where it has none of its own. */
export interface OutputMessage extends TensorMessage {
  readonly contents?: TensorContents | null;
}

/** `InferRequestedOutputTensor` of the wire: grpc_service.proto. */
interface RequestedOutput {
  readonly name: string;
  readonly parameters?: InferParameters;
}

/** A tensor of a request; its parameters may say that its data lies in shared memory. */
interface InputMessage extends TensorMessage {
  readonly parameters?: InferParameters;
}

/** `ModelInferRequest` of the wire: grpc_service.proto. */
export interface ModelInferRequest {
  readonly model_name: string;
  /** Empty: the server picks by its version policy. */
  readonly model_version?: string;
  readonly id: string;
  readonly parameters: InferParameters;
  readonly inputs: readonly InputMessage[];
  readonly outputs: readonly RequestedOutput[];
  readonly raw_input_contents: readonly Uint8Array[];
}

/** `ModelInferResponse` of the wire: grpc_service.proto. */
export interface ModelInferResponse {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly parameters: InferParameters;
  readonly outputs: readonly OutputMessage[];
  readonly raw_output_contents: readonly Uint8Array[];
}

/** `ModelStreamInferResponse` of the wire: grpc_service.proto. */
export interface ModelStreamInferResponse {
  readonly error_message: string;
  readonly infer_response: ModelInferResponse | null;
}

/** Request and response of every call that is answered once. */
export interface UnaryRpcs extends AdminRpcs, SharedMemoryRpcs {
  readonly ModelInfer: { readonly request: ModelInferRequest; readonly response: ModelInferResponse };
}

/** Request and response of every call, by its name on the wire. */
export interface Rpcs extends UnaryRpcs {
  readonly ModelStreamInfer: {
    readonly request: ModelInferRequest;
    readonly response: ModelStreamInferResponse;
  };
}
