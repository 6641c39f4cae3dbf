import type { VariantContract } from "../../model-config/index.ts";
import type { Tensor } from "../../tensor/index.ts";
import type { ClipTimings } from "../observe/timings.ts";
import type { CallOptions } from "../options.ts";
import type { ByteTarget, PipeOptions } from "./pipe.ts";

/** The parts of a pipeline in the order they run. */
export const STAGES = [
  "tokenizer",
  "text_encoder",
  "high_noise",
  "low_noise",
  "vae_decoder",
  "video_encoder",
] as const;

/** A part of a pipeline; the two noise stages are the two experts of the denoiser. */
export type Stage = (typeof STAGES)[number];

/** How strongly each expert is held to the prompt. */
export interface Guidance {
  readonly highNoise?: number | undefined;
  readonly lowNoise?: number | undefined;
}

/** What is asked of every variant. */
interface PromptRequest<V extends VariantContract> {
  readonly prompt: string;
  /** Whole, from 0 to 2^63 − 1; drawn at random where absent. The same seed gives the same clip. */
  readonly seed?: number | bigint | undefined;
  /** One of the variant's step counts; the first of them where absent. */
  readonly steps?: V["steps"][number] | undefined;
}

/** What only a variant with guidance can be asked. */
interface GuidanceRequest {
  /** What the clip should not show. */
  readonly negativePrompt?: string | undefined;
  /** The variant's own where absent. */
  readonly guidance?: Guidance | undefined;
}

/** A request to a variant's unary door, which gives the video alone. */
export type UnaryRequest<V extends VariantContract = VariantContract> = PromptRequest<V> &
  (V["guidance"] extends false ? unknown : GuidanceRequest);

/** A request to a variant's streaming door. */
export type GenerateRequest<V extends VariantContract = VariantContract> = UnaryRequest<V> & {
  /** True for the raw frames as well. They are large: width × height × frames × 3 bytes. */
  readonly frames?: boolean | undefined;
  /** True for the latent that the frames were decoded from as well. */
  readonly latent?: boolean | undefined;
  /** True for a small picture with each step, where the server makes them. */
  readonly previews?: boolean | undefined;
};

/** One finished step of a run. */
export interface ProgressEvent {
  readonly stage: Stage;
  /** Counts from 1 within the stage. */
  readonly step: number;
  /** Steps of the stage. */
  readonly steps: number;
  /** Milliseconds since the server began the run. */
  readonly elapsedMs: number;
  /** Height × width × 3. */
  readonly preview?: Tensor<"UINT8">;
}

/** What one stage of a run took. */
export interface StageTime {
  readonly stage: Stage;
  readonly ms: number;
  readonly steps: number;
}

/** What a clip was made with. */
export interface UsedSettings {
  readonly seed: bigint;
  readonly steps: number;
  /** As the request gave it. */
  readonly guidance?: Guidance;
}

/** A finished clip. */
export interface Clip {
  /** An MP4 file. */
  readonly video: Uint8Array;
  /** Frames × height × width × 3, where the request asked for them. */
  readonly frames?: Tensor<"UINT8">;
  /** Channels × time × height × width, where the request asked for it. */
  readonly latent?: Tensor<"FP32">;
  /** In the order they ran; empty for the unary door, which does not tell. */
  readonly stages: readonly StageTime[];
  readonly used: UsedSettings;
  /** Where its time went, as the client saw it; `stages` is the server's account. */
  readonly timings: ClipTimings;
  /**
   * Writes the MP4. The file appears under its name only when it is complete.
   *
   * @throws TriptychError `disk-full` or `output-unwritable`.
   */
  save(path: string): Promise<void>;
  /**
   * Sends the MP4, or the raw frames, to a stream at its pace, without a copy in between; the stream is ended.
   *
   * @throws TriptychError `output-unwritable` where the stream fails; `request-invalid` for frames that were not asked for.
   */
  pipeTo(target: ByteTarget, options?: PipeOptions): Promise<void>;
}

/**
 * A clip in the making. It runs whether or not anyone iterates; leaving the loop cancels it, and so does the end of the
 * block of an `await using`, which waits until it is over, and of a `using`, which does not.
 *
 * Events wait for a slow loop up to a bound, after which the oldest are dropped; there is one
 * line of events, so that two loops would share it.
 */
export interface Run extends AsyncIterable<ProgressEvent>, AsyncDisposable, Disposable {
  /** The clip. If the run fails, this and the loop reject alike; neither needs to be listened to. */
  readonly result: Promise<Clip>;
  /** Ends the run at the server; `result` rejects with `cancelled`. Nothing happens once it is over. */
  cancel(): void;
}

/** One variant of a pipeline. */
export interface VariantClient<V extends VariantContract> {
  /** Makes a clip, with progress. A wrong request shows in `result` and in the loop, not as a throw. */
  generate(request: GenerateRequest<V>, options?: CallOptions): Run;
  /** Makes a clip by the unary door: no progress, and the server goes on to the end if cancelled. */
  generateUnary(request: UnaryRequest<V>, options?: CallOptions): Promise<Clip>;
}
