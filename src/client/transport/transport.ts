import type { Client } from "@grpc/grpc-js";
import { TriptychError } from "../../errors/index.ts";
import { checkedDeadline, DEFAULT_DEADLINE_MS } from "../options.ts";
import type { ModelInferRequest, UnaryRpcs } from "../protocol/messages.ts";
import { type ChannelOptions, channelOptions, checkEndpoint, isLoopback, openChannel } from "./channel.ts";
import type { CallContext, TransportCall } from "./context.ts";
import { type CallGuard, cancelledBy } from "./guard.ts";
import { CallHeaders, type HeaderOptions } from "./headers.ts";
import { LaterStream } from "./later-stream.ts";
import { openStream, type ResponseStream } from "./stream-call.ts";
import { openSecurity, type Security } from "./tls.ts";
import { callUnary } from "./unary-call.ts";
import { WaitingCalls } from "./waiting.ts";

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

/** How a transport's connections are made, and what their calls carry. */
export interface TransportOptions extends ChannelOptions, HeaderOptions {}

/**
 * A transport over one connection to one server. Nothing is sent before the first call.
 *
 * @throws TriptychError `unreachable` for what is no endpoint, `request-invalid` for options that cannot hold.
 */
export async function openTransport(endpoint: string, options: TransportOptions = {}): Promise<Transport> {
  checkEndpoint(endpoint);
  checkSecrecy(endpoint, options);
  const headers = new CallHeaders(options);
  channelOptions(endpoint, options);
  const security = await openSecurity(options.tls);
  return new ChannelTransport(endpoint, openChannel(endpoint, security, options), security, headers);
}

/** A bearer token is as good as a password. */
function checkSecrecy(endpoint: string, { tls, token }: TransportOptions): void {
  if (token === undefined || tls !== undefined || isLoopback(endpoint)) return;
  throw new TriptychError("request-invalid", `token: ${endpoint} would get it unencrypted.`, {
    hint: "Connect with `tls: {}`. Where something else encrypts, give it as `headers: { authorization: … }`.",
  });
}

class ChannelTransport implements Transport {
  readonly endpoint: string;
  readonly #client: Client;
  readonly #security: Security;
  readonly #headers: CallHeaders;
  readonly #waiting = new WaitingCalls();
  readonly #running = new Set<CallGuard>();
  #closed = false;

  constructor(endpoint: string, client: Client, security: Security, headers: CallHeaders) {
    this.endpoint = endpoint;
    this.#client = client;
    this.#security = security;
    this.#headers = headers;
  }

  async unary<N extends keyof UnaryRpcs>(
    rpc: N,
    request: UnaryRpcs[N]["request"],
    call: TransportCall = {},
  ): Promise<UnaryRpcs[N]["response"]> {
    return callUnary(this.#client, rpc, request, await this.#admit(call), this.#running);
  }

  stream(request: ModelInferRequest, call: TransportCall = {}): ResponseStream {
    const open = async (): Promise<ResponseStream> =>
      openStream(this.#client, request, await this.#admit(call), this.#running);
    return new LaterStream(open);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting.stopAll(closedError());
    const running = [...this.#running];
    for (const guard of running) guard.stop(closedError());
    await Promise.all(running.map((guard) => guard.settled));
    this.#security.stop();
    this.#client.close();
  }

  async #admit(call: TransportCall): Promise<CallContext> {
    this.#check(call);
    const until = Date.now() + checkedDeadline(call.deadlineMs ?? DEFAULT_DEADLINE_MS);
    const { signal } = call;
    const metadata = await this.#waiting.wait(
      this.#headers.of(call.headers),
      { signal, until },
      "its headers",
    );
    this.#check(call);
    return { ...call, endpoint: this.endpoint, until, metadata };
  }

  #check({ signal }: TransportCall): void {
    if (this.#closed) throw closedError();
    if (signal?.aborted === true) throw cancelledBy(signal);
  }
}

/** The error for a call on a connection that was closed. */
export function closedError(): TriptychError {
  return new TriptychError("cancelled", "The connection to the server was closed.", {
    hint: "Connect again, and close only when all results are there.",
  });
}
