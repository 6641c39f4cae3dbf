import type { ModelInferRequest, UnaryRpcs } from "../protocol/messages.ts";
import type { TransportCall } from "./context.ts";
import type { ResponseStream } from "./responses.ts";

/** Carries raw messages to a server and back. What lies above knows nothing of connections. */
export interface Transport {
  readonly endpoint: string;
  unary<N extends keyof UnaryRpcs>(
    rpc: N,
    request: UnaryRpcs[N]["request"],
    call?: TransportCall,
  ): Promise<UnaryRpcs[N]["response"]>;
  /** Sends at once. The stream must be iterated or stopped. */
  stream(request: ModelInferRequest, call?: TransportCall): ResponseStream;
  /** Cancels what runs, waits for its end, and closes the connection. May be called again. */
  close(): Promise<void>;
}
