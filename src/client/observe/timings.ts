/**
 * Where the time of one call went, seen from the client, in milliseconds by a clock that never jumps.
 *
 * The first five follow one another, so for a call with one answer they add up to `totalMs`. On a stream the answers are
 * read while others are still to come: there `decodeMs` is part of `receiveMs`.
 */
export interface CallTimings {
  /** Tensors to bytes, and those to a message. */
  readonly encodeMs: number;
  /** Until the gRPC library had the request. */
  readonly sendMs: number;
  /** Until the first word of an answer: the way there and back, the queue, the model. */
  readonly waitMs: number;
  /** From there until the last answer was whole. */
  readonly receiveMs: number;
  /** Messages to tensors, with the checks. */
  readonly decodeMs: number;
  /** From the call of the function to its result. */
  readonly totalMs: number;
  /** From the call of the function until the first answer was whole. */
  readonly firstResponseMs: number;
}

/** The timings of a stream as of one of its answers. */
export interface AnswerTimings extends CallTimings {
  /** Between this answer and the one before, or the start of the call, as they came in. */
  readonly sinceLastMs: number;
}

/** What one step of a clip took, as the client saw it: with the way of its answer. */
export interface StepTime {
  readonly stage: string;
  readonly step: number;
  readonly ms: number;
}

/** Where the time of a clip went. */
export interface ClipTimings extends CallTimings {
  /** In the order they came; empty for the unary door, which does not tell. */
  readonly steps: readonly StepTime[];
}
