export type { ModelMetadata, ModelOptions, ServerMetadata, TensorMetadata } from "./admin/describe.ts";
export type { HealthOptions, HealthState, ReadyOptions, WatchOptions } from "./admin/health.ts";
export type { LogChanges, LogSettings } from "./admin/log-settings.ts";
export {
  type IndexOptions,
  LOAD_DEADLINE_MS,
  type LoadOptions,
  type ModelState,
  type RepositoryEntry,
  type UnloadOptions,
} from "./admin/repository.ts";
export type { ServerClient } from "./admin/server.ts";
export type {
  BatchStatistics,
  Duration,
  MemoryUsage,
  ModelStatistics,
  ResponseStatistics,
} from "./admin/statistics.ts";
export type { StatisticsSince } from "./admin/statistics-since.ts";
export type { TraceChanges, TraceLevel, TraceOptions, TraceSettings } from "./admin/trace-settings.ts";
export { type ConnectOptions, connect, type OpenOptions } from "./connect.ts";
export type { ContractDifference } from "./contract/compare.ts";
export type { UntypedModel } from "./contract/untyped-model.ts";
export type { ByteTarget, PipeOptions } from "./generate/pipe.ts";
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
export type { AnswerStream } from "./inference/answer-stream.ts";
export type {
  ManyAskedOptions,
  ManyFailure,
  ManyOptions,
  ManyPartialInference,
  ManyRequest,
  ManyRequests,
} from "./inference/many-types.ts";
export type { ModelClient, ModelClients, StreamModel, UnaryModel } from "./inference/model-types.ts";
export type {
  AskedOptions,
  AskedOutputs,
  ClassScore,
  ControlOptions,
  Inference,
  InferOptions,
  InputsOf,
  OutputName,
  OutputsOf,
  ParameterValue,
  ParameterValues,
  PartialInference,
  RequestParameter,
  RequestParameters,
  Sequence,
  TopClasses,
} from "./inference/types.ts";
export { type BearerTokenOptions, bearerToken, type Token } from "./observe/bearer-token.ts";
export type { Bucket, HistogramData } from "./observe/histogram.ts";
export { type LoggingOptions, type LogLevel, type LogRecord, logging, logLine } from "./observe/logging.ts";
export type { CallMetrics, ClientMetrics, Outcome } from "./observe/metrics.ts";
export { type MetricsFormat, metricsText } from "./observe/metrics-text.ts";
export type { Answer, Call, Middleware, TensorSummary } from "./observe/middleware.ts";
export type { AnswerTimings, CallTimings, ClipTimings, StepTime } from "./observe/timings.ts";
export { type CallOptions, CLIP_DEADLINE_MS, DEFAULT_DEADLINE_MS } from "./options.ts";
export { type ReplayOptions, replay } from "./recorder/replay.ts";
export { type RecordedCall, Session } from "./recorder/session.ts";
export type {
  CudaRegion,
  CudaRegistration,
  CudaSharedMemory,
  RegionRegistry,
  SystemRegion,
  SystemSharedMemory,
} from "./shared-memory/registry.ts";
export type { SharedMemory, SharedMemoryOptions, SharedMemoryUse } from "./shared-memory/types.ts";
export type { OpenStudio, Studio, StudioBase } from "./studio.ts";
export type { ChannelOptions, KeepaliveOptions } from "./transport/channel.ts";
export type { Compression } from "./transport/compression.ts";
export type { HeaderOptions, HeaderValues } from "./transport/headers.ts";
export type { TransportOptions } from "./transport/open.ts";
export type { AdmissionOptions } from "./transport/pool/admission.ts";
export type { EndpointState } from "./transport/pool/endpoint.ts";
export type { EndpointStatus } from "./transport/pool/health.ts";
export type { PoolOptions } from "./transport/pool/pool.ts";
export type { RetryOptions } from "./transport/pool/retry.ts";
export type { Lookup } from "./transport/pool/targets.ts";
export type { TlsOptions, TlsSource } from "./transport/tls.ts";
export type { TlsCredentials } from "./transport/tls-credentials.ts";
