import type { Metadata } from "@grpc/grpc-js";
import type { CallOptions } from "../options.ts";
import type { GuardContext } from "./guard.ts";

/** What a call is made with, besides its message. */
export interface TransportCall extends CallOptions {
  /** The model it is for, which its errors name. */
  readonly model?: string | undefined;
}

/** A call that was admitted: all that must be known of it is there. */
export interface CallContext extends TransportCall, GuardContext {
  readonly metadata: Metadata;
  /** When its deadline is, in milliseconds of the wall clock, as gRPC has it. */
  readonly until: number;
}
