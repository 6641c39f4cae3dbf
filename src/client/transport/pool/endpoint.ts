import type { Client } from "@grpc/grpc-js";
import { isTriptychError, type TriptychError } from "../../../errors/index.ts";
import type { ModelInferRequest, UnaryRpcs } from "../../protocol/messages.ts";
import type { CallContext } from "../context.ts";
import { cancelledBy } from "../endings.ts";
import type { CallGuard } from "../guard.ts";
import type { Lane } from "../lane.ts";
import { LaneCall } from "../lane-call.ts";
import type { ResponseStream } from "../responses.ts";
import { openStream } from "../stream-call.ts";
import { callUnary } from "../unary-call.ts";
import { type EndpointStatus, Health } from "./health.ts";

/** How one server of a connection stands. */
export interface EndpointState {
  readonly endpoint: string;
  readonly status: EndpointStatus;
  /** Calls that run there now. */
  readonly inFlight: number;
  /** Failures in a row. */
  readonly failures: number;
  /** Why it gets no calls. */
  readonly reason?: string;
}

/** A call as an endpoint gets it. */
export type EndpointCall = Omit<CallContext, "endpoint">;

/** One server, the connection to it, and how it stands. */
export class Endpoint {
  readonly address: string;
  readonly health = new Health();
  readonly #client: Client;
  readonly #running = new Set<CallGuard>();
  /** What does not count as load: questions of our own, and streams whose requests count each by itself. */
  readonly #uncounted = new Set<CallGuard>();
  readonly #lanes = new WeakMap<Lane, LaneCall>();

  constructor(address: string, client: Client) {
    this.address = address;
    this.#client = client;
  }

  get inFlight(): number {
    return this.#running.size;
  }

  get state(): EndpointState {
    const { status, failures, reason } = this.health;
    const { address: endpoint, inFlight } = this;
    return { endpoint, status, inFlight, failures, ...(reason === undefined ? {} : { reason }) };
  }

  async unary<N extends keyof UnaryRpcs>(
    rpc: N,
    request: UnaryRpcs[N]["request"],
    call: EndpointCall,
  ): Promise<UnaryRpcs[N]["response"]> {
    return this.#observed(callUnary(this.#client, rpc, request, this.#here(call), this.#running));
  }

  /** A question of the pool's; what it shows of the endpoint is for the pool to say. */
  probe<N extends keyof UnaryRpcs>(
    rpc: N,
    request: UnaryRpcs[N]["request"],
    call: EndpointCall,
  ): Promise<UnaryRpcs[N]["response"]> {
    return callUnary(this.#client, rpc, request, this.#here(call), this.#uncounted);
  }

  stream(request: ModelInferRequest, call: EndpointCall): ResponseStream {
    const context = this.#here(call);
    if (call.lane === undefined) return openStream(this.#client, request, context, this.#running);
    return this.#laneCall(call.lane, context).send(request, context);
  }

  /** Takes note of how a call ended; nothing is an answer. */
  note(error?: TriptychError): void {
    if (error !== undefined && saysGone(error)) this.health.failed(error.message);
    else if (error === undefined || error.details.grpcStatus !== undefined) this.health.succeeded();
  }

  /** Fulfils when no call runs there any more. */
  async idle(): Promise<void> {
    await Promise.all([...this.#running].map((guard) => guard.settled));
  }

  /** Cancels what runs, waits for its end, and closes the connection. */
  async close(reason: TriptychError): Promise<void> {
    const all = [...this.#running, ...this.#uncounted];
    for (const guard of all) guard.stop(reason);
    await Promise.all(all.map((guard) => guard.settled));
    this.#client.close();
  }

  /** What carries a lane here: opened by its first request, and anew when it has ended. */
  #laneCall(lane: Lane, context: CallContext): LaneCall {
    const known = this.#lanes.get(lane);
    if (known?.isOver === false) return known;
    if (lane.isEnded) throw cancelledBy(undefined);
    const opened = new LaneCall(this.#client, context, {
      counted: this.#running,
      uncounted: this.#uncounted,
    });
    this.#lanes.set(lane, opened);
    lane.onEnd(() => {
      opened.leave();
    });
    return opened;
  }

  #here(call: EndpointCall): CallContext {
    return { ...call, endpoint: this.address };
  }

  async #observed<T>(answer: Promise<T>): Promise<T> {
    try {
      const result = await answer;
      this.note();
      return result;
    } catch (reason) {
      if (isTriptychError(reason)) this.note(reason);
      throw reason;
    }
  }
}

const GONE = ["unreachable", "server-stopping", "server-not-ready"] as const;

/** True where an error is about the server, and another one may do better. */
export function saysGone(error: TriptychError): boolean {
  return GONE.some((code) => error.code === code);
}
