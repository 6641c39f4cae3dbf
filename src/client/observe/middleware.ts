import type { Datatype } from "../../tensor/index.ts";
import type { ParameterValues } from "../inference/types.ts";
import type { Rpcs } from "../protocol/messages.ts";
import type { CallTimings } from "./timings.ts";

/** A tensor as a middleware sees it: all but its content. */
export interface TensorSummary {
  readonly name: string;
  readonly datatype: Datatype | "unknown";
  readonly shape: readonly number[];
  /** Undefined where the content does not travel with the message. */
  readonly bytes: number | undefined;
}

/** One call as a middleware sees it. Text that came from a server is cleaned. */
export interface Call {
  /** Name of the call in Triton's gRPC service, such as `ModelInfer`. */
  readonly rpc: keyof Rpcs;
  readonly endpoint: string;
  /** The model that it is for; undefined for a question to the server. */
  readonly model: string | undefined;
  /** Empty where the caller gave none. */
  readonly requestId: string;
  readonly inputs: readonly TensorSummary[];
  /** Names of the outputs that were asked for. */
  readonly wanted: readonly string[];
  readonly parameters: ParameterValues;
  /** Headers to send along, by lower-case name. What a middleware sets before `next()` is sent. */
  readonly headers: Map<string, string | Uint8Array>;
  /** Most time the call may take, the middleware's own time included. */
  readonly deadlineMs: number;
  /** Aborts when the caller gives up, the deadline passes or the studio is closed: hand it on to what you wait for. */
  readonly signal: AbortSignal;
}

/** One answer as a middleware sees it; a call has one, a stream any number. */
export interface Answer {
  readonly modelVersion: string | undefined;
  readonly outputs: readonly TensorSummary[];
  /** True for the last answer; of a stream, the end may come without such a one. */
  readonly final: boolean;
  /** Where the time went so far; only for an inference. */
  readonly timings: CallTimings | undefined;
}

/**
 * Code around every call. The first of the list is the outermost: it sees the call first and its end last.
 *
 * `next()` makes the call, and gives its answer or throws its error, which is always a `TriptychError`. What a middleware
 * throws is what the caller gets: a `TriptychError` as it is, anything else as `middleware-failed`. It may call `next()`
 * again to try again, but has to give back an answer that came from it.
 */
export interface Middleware {
  /** Names it in errors. */
  readonly name?: string | undefined;
  /**
   * True for one that sends what nobody on the way may read, such as a password: `connect` refuses it on a plain
   * connection to another machine.
   */
  readonly confidential?: boolean | undefined;
  /** Around a call that is answered once; left out, such calls pass by. */
  unary?(call: Call, next: () => Promise<Answer>): Promise<Answer>;
  /** Around a stream; most are written as `async *stream(call, next) { yield* next(); }`. */
  stream?(call: Call, next: () => AsyncIterable<Answer>): AsyncIterable<Answer>;
}
