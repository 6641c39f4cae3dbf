import { isTriptychError } from "../../errors/index.ts";
import type { ModelInferRequest, ModelInferResponse, UnaryRpcs } from "../protocol/messages.ts";
import type { TransportCall } from "../transport/context.ts";
import type { ResponseStream } from "../transport/responses.ts";
import type { Transport } from "../transport/transport.ts";
import { type Placement, placementOf, readOutputs, writeInputs } from "./placement.ts";
import { sharedStream } from "./shared-stream.ts";
import type { RegionLease, RegionSource } from "./types.ts";

/** A transport whose large tensors go by shared memory; whoever calls it sees no difference. */
export class SharedMemoryTransport implements Transport {
  readonly #inner: Transport;
  readonly #regions: RegionSource;
  /** Calls that have a lease. */
  readonly #running = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();

  constructor(inner: Transport, regions: RegionSource) {
    this.#inner = inner;
    this.#regions = regions;
  }

  get endpoint(): string {
    return this.#inner.endpoint;
  }

  async unary<N extends keyof UnaryRpcs>(
    rpc: N,
    request: UnaryRpcs[N]["request"],
    call: TransportCall = {},
  ): Promise<UnaryRpcs[N]["response"]> {
    if (rpc !== "ModelInfer") return this.#inner.unary(rpc, request, call);
    const response = this.#infer(request as ModelInferRequest, call);
    this.#running.add(response);
    const over = (): boolean => this.#running.delete(response);
    response.then(over, over);
    return response;
  }

  stream(request: ModelInferRequest, call: TransportCall = {}): ResponseStream {
    const placement = this.#placementOf(request, call);
    if (placement === undefined) return this.#inner.stream(request, call);
    return sharedStream(this.#inner, this.#regions, { request, placement, call: this.#bounded(call) });
  }

  /** The server is told of the regions' end over the connection, so that goes last. */
  async close(): Promise<void> {
    this.#closing.abort("the connection to the server was closed");
    await Promise.allSettled(this.#running);
    await this.#regions.close();
    await this.#inner.close();
  }

  async #infer(request: ModelInferRequest, call: TransportCall): Promise<ModelInferResponse> {
    const placement = this.#placementOf(request, call);
    const lease = placement && (await this.#regions.lease(placement.byteSize, call));
    if (placement === undefined || lease === undefined) return this.#inner.unary("ModelInfer", request, call);
    try {
      return await this.#inferBy(lease, placement, request, this.#bounded(call));
    } catch (reason) {
      lease.retire();
      if (!isTriptychError(reason, "shared-memory-unavailable")) throw reason;
      // The server was started anew and knows no region; it has done nothing yet.
      this.#regions.forget();
      return this.#inner.unary("ModelInfer", request, call);
    }
  }

  async #inferBy(
    lease: RegionLease,
    placement: Placement,
    request: ModelInferRequest,
    call: TransportCall,
  ): Promise<ModelInferResponse> {
    const pointing = await writeInputs(request, placement, lease);
    const response = await this.#inner.unary("ModelInfer", pointing, call);
    const whole = await readOutputs(response, placement, lease);
    lease.release();
    return whole;
  }

  /** The call, with its end when the transport closes. */
  #bounded(call: TransportCall): TransportCall {
    const ends = [this.#closing.signal, ...(call.signal === undefined ? [] : [call.signal])];
    return { ...call, signal: AbortSignal.any(ends) };
  }

  #placementOf(request: ModelInferRequest, call: TransportCall): Placement | undefined {
    if (!this.#regions.active) return undefined;
    return placementOf(request, call.outputBytes?.() ?? new Map(), this.#regions.minTensorBytes);
  }
}
