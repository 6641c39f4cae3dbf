import type { TensorSpec } from "../tensor/index.ts";

/** How many instances of a model run, and where. */
export interface InstanceGroup {
  readonly count: number;
  readonly kind: "KIND_CPU" | "KIND_GPU" | "KIND_MODEL" | "KIND_AUTO";
  readonly gpus?: readonly number[];
}

/** One step of an ensemble: a model with its tensors tied to the ensemble's. */
export interface EnsembleStep {
  readonly modelName: string;
  /** −1 is the latest; written always, because a missing version means 0. */
  readonly modelVersion: number;
  /** Model input → ensemble tensor. */
  readonly inputMap: Readonly<Record<string, string>>;
  /** Model output → ensemble tensor. */
  readonly outputMap: Readonly<Record<string, string>>;
}

/** Queue limits of a model, written as `dynamic_batching.default_queue_policy`. */
export interface QueuePolicy {
  readonly maxQueueSize?: number;
  readonly timeoutAction?: "REJECT" | "DELAY";
  readonly defaultTimeoutMicroseconds?: number;
  readonly allowTimeoutOverride?: boolean;
}

/**
 * The part of Triton's `ModelConfig` that Triptych writes.
 * Field names follow model_config.proto in camelCase.
 */
export interface ModelConfig {
  readonly name: string;
  /** `python`, `tensorrt`, `onnxruntime`; absent for an ensemble. */
  readonly backend?: string;
  readonly platform?: "ensemble" | "tensorrt_plan" | "onnxruntime_onnx";
  readonly maxBatchSize: number;
  readonly defaultModelFilename?: string;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly instanceGroups?: readonly InstanceGroup[];
  readonly dynamicBatching?: { readonly defaultQueuePolicy?: QueuePolicy };
  readonly ensembleSteps?: readonly EnsembleStep[];
  readonly decoupled?: boolean;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly responseCache?: boolean;
  readonly versionPolicy?: { readonly latest: number };
}
