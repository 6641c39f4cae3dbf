import type { TensorSpec } from "../tensor/index.ts";

/** A tensor of a model as its client sees it. */
export interface TensorContract extends TensorSpec {
  /**
   * One name a dim, `""` for a dim without one. Dims of one name have one size in all tensors of a call, which is
   * how sizes are tied together that only run time knows.
   */
  readonly dimNames?: readonly string[];
}

/** What a client must know of one model: its tensors, and whether it streams. */
export interface ModelContract {
  readonly inputs: readonly TensorContract[];
  readonly outputs: readonly TensorContract[];
  /** True if the model may answer a request more than once, so that only a stream can call it. */
  readonly decoupled: boolean;
  /** Above 0, every tensor has a leading batch dim that `dims` leaves out. */
  readonly maxBatchSize: number;
}

/** What a client must know of one variant of a pipeline. */
export interface VariantContract {
  /** Name of the unary front door, an ensemble. */
  readonly ensemble: string;
  /** Name of the streaming front door. */
  readonly stream: string;
  /** Step counts a request may ask for; the first is the default. */
  readonly steps: readonly number[];
  /** True if the variant takes guidance and a negative prompt. */
  readonly guidance: boolean;
}

/** What a client must know of a server's models. Rendered into a typed module, or written by hand. */
export interface Contract {
  /** Name of the pipeline; of models that are no pipeline, whatever they are called together. */
  readonly pipeline: string;
  /** Absent where the models are no pipeline of Triptych's. */
  readonly video?: {
    readonly width: number;
    readonly height: number;
    readonly frames: number;
    readonly fps: number;
  };
  /** The pipeline's variants by name; none where the models are no pipeline of Triptych's. */
  readonly variants: Readonly<Record<string, VariantContract>>;
  readonly models: Readonly<Record<string, ModelContract>>;
}

/** The contract of a planned pipeline, whose video is known. */
export type PipelineContract = Contract & Required<Pick<Contract, "video">>;
