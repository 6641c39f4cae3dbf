import type { Client } from "@grpc/grpc-js";
import { TriptychError } from "../../errors/index.ts";
import { checkedDeadline, DEFAULT_DEADLINE_MS } from "../options.ts";
import type { ModelInferRequest, UnaryRpcs } from "../protocol/messages.ts";
import { openChannel, type TlsCredentials } from "./channel.ts";
import type { CallContext, TransportCall } from "./context.ts";
import { type CallGuard, cancelledBy } from "./guard.ts";
import { openStream, type ResponseStream } from "./stream-call.ts";
import { callUnary } from "./unary-call.ts";

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

/** A transport over one connection to one server. */
export function openTransport(endpoint: string, credentials?: TlsCredentials): Transport {
  return new ChannelTransport(endpoint, openChannel(endpoint, credentials));
}

class ChannelTransport implements Transport {
  readonly endpoint: string;
  readonly #client: Client;
  readonly #running = new Set<CallGuard>();
  #closed = false;

  constructor(endpoint: string, client: Client) {
    this.endpoint = endpoint;
    this.#client = client;
  }

  async unary<N extends keyof UnaryRpcs>(
    rpc: N,
    request: UnaryRpcs[N]["request"],
    call: TransportCall = {},
  ): Promise<UnaryRpcs[N]["response"]> {
    return callUnary(this.#client, rpc, request, this.#admit(call), this.#running);
  }

  stream(request: ModelInferRequest, call: TransportCall = {}): ResponseStream {
    return openStream(this.#client, request, this.#admit(call), this.#running);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const running = [...this.#running];
    for (const guard of running) guard.stop(closedError());
    await Promise.all(running.map((guard) => guard.settled));
    this.#client.close();
  }

  #admit(call: TransportCall): CallContext {
    if (this.#closed) throw closedError();
    if (call.signal?.aborted === true) throw cancelledBy(call.signal);
    return {
      ...call,
      endpoint: this.endpoint,
      deadlineMs: checkedDeadline(call.deadlineMs ?? DEFAULT_DEADLINE_MS),
    };
  }
}

/** The error for a call on a connection that was closed. */
export function closedError(): TriptychError {
  return new TriptychError("cancelled", "The connection to the server was closed.", {
    hint: "Connect again, and close only when all results are there.",
  });
}
