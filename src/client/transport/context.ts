import type { Metadata } from "@grpc/grpc-js";
import type { CallOptions } from "../options.ts";
import type { ModelInferResponse } from "../protocol/messages.ts";
import type { GuardContext } from "./guard.ts";
import type { Lane } from "./lane.ts";
import type { CallWatch } from "./watch.ts";

/** What a call is made with, besides its message. */
export interface TransportCall extends CallOptions {
  /** The model it is for, which its errors name. */
  readonly model?: string | undefined;
  readonly watch?: CallWatch | undefined;
  /** Reads an answer as a part of the call, which fails with what this throws. */
  readonly accept?: ((response: ModelInferResponse) => void) | undefined;
  /** The gRPC stream that it shares with other requests; one of its own where there is none. Only for streams. */
  readonly lane?: Lane | undefined;
  /** Sizes of the outputs that are known beforehand and come in one response at most. */
  readonly outputBytes?: (() => ReadonlyMap<string, number>) | undefined;
}

/** A call that was admitted: all that must be known of it is there. */
export interface CallContext extends TransportCall, GuardContext {
  readonly metadata: Metadata;
  /** When its deadline is, by `performance.now()`: a clock that is set meanwhile does not matter. */
  readonly until: number;
}

/** The deadline as gRPC has it, by the wall clock. It takes it for a span at once when the call is made. */
export function deadlineOf({ until }: Pick<CallContext, "until">): number {
  return Date.now() + Math.max(0, until - performance.now());
}
