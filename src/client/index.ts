export type { ModelState, RepositoryEntry, ServerClient, ServerMetadata } from "./admin/server.ts";
export type { Duration, ModelStatistics } from "./admin/statistics.ts";
export { type ConnectOptions, connect, type OpenOptions } from "./connect.ts";
export type { ContractDifference } from "./contract/compare.ts";
export type { UntypedModel } from "./contract/untyped-model.ts";
export {
  type Clip,
  type GenerateRequest,
  type Guidance,
  type ProgressEvent,
  type Run,
  STAGES,
  type Stage,
  type StageTime,
  type UnaryRequest,
  type UsedSettings,
  type VariantClient,
} from "./generate/types.ts";
export type { VariantClients } from "./generate/variants.ts";
export type {
  Inference,
  InferOptions,
  InputsOf,
  ModelClient,
  ModelClients,
  OutputName,
  OutputsOf,
  ParameterValue,
  ParameterValues,
  PartialInference,
  StreamModel,
  UnaryModel,
} from "./inference/types.ts";
export { type CallOptions, CLIP_DEADLINE_MS, DEFAULT_DEADLINE_MS } from "./options.ts";
export type { OpenStudio, Studio, StudioBase } from "./studio.ts";
export type { ChannelOptions, KeepaliveOptions } from "./transport/channel.ts";
export type { HeaderOptions, HeaderValues } from "./transport/headers.ts";
export type { TlsOptions, TlsSource } from "./transport/tls.ts";
export type { TlsCredentials } from "./transport/tls-credentials.ts";
