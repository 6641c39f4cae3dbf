import type { TensorSpec } from "../tensor/index.ts";

/** What a client must know of one model: its tensors, and whether it streams. */
export interface ModelContract {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
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

/** The whole of a pipeline as its client sees it. Rendered into a typed module from the plan. */
export interface Contract {
  readonly pipeline: string;
  readonly video: {
    readonly width: number;
    readonly height: number;
    readonly frames: number;
    readonly fps: number;
  };
  readonly variants: Readonly<Record<string, VariantContract>>;
  readonly models: Readonly<Record<string, ModelContract>>;
}
