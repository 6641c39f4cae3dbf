import { isTriptychError, type TriptychError } from "../../errors/index.ts";
import type { ModelInferRequest, ModelInferResponse } from "../protocol/messages.ts";
import type { ResponseStream } from "../transport/stream-call.ts";
import type { Transport, TransportCall } from "../transport/transport.ts";
import { type Placement, readOutputs, writeInputs } from "./placement.ts";
import type { RegionLease, RegionSource } from "./types.ts";

/** A call on a stream with the places of its large tensors. */
export interface PlacedCall {
  readonly request: ModelInferRequest;
  readonly placement: Placement;
  readonly call: TransportCall;
}

/**
 * A stream whose large tensors go by shared memory. An output that has a place must come in one response at most: the
 * server does not wait before it writes the next one there.
 */
export function sharedStream(inner: Transport, regions: RegionSource, placed: PlacedCall): ResponseStream {
  return new SharedStream(inner, regions, placed);
}

class SharedStream implements ResponseStream {
  readonly #inner: Transport;
  readonly #regions: RegionSource;
  readonly #placed: PlacedCall;
  readonly #opening: Promise<{ readonly stream: ResponseStream; readonly lease?: RegionLease }>;
  #stream: ResponseStream | undefined;
  #stopped: TriptychError | undefined;

  constructor(inner: Transport, regions: RegionSource, placed: PlacedCall) {
    this.#inner = inner;
    this.#regions = regions;
    this.#placed = placed;
    this.#opening = this.#open();
    // Whoever stops it may never look.
    this.#opening.catch(() => undefined);
  }

  stop(reason: TriptychError): void {
    this.#stopped ??= reason;
    this.#stream?.stop(reason);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ModelInferResponse, void, undefined> {
    const { stream, lease } = await this.#opening;
    let done = false;
    let seen = false;
    try {
      for await (const response of stream) {
        seen = true;
        yield lease === undefined ? response : await readOutputs(response, this.#placed.placement, lease);
      }
      done = true;
    } catch (reason) {
      if (seen || !isTriptychError(reason, "shared-memory-unavailable")) throw reason;
    } finally {
      if (done) lease?.release();
      else lease?.retire();
    }
    if (!done) yield* this.#again();
  }

  async #open(): Promise<{ readonly stream: ResponseStream; readonly lease?: RegionLease }> {
    const { request, placement, call } = this.#placed;
    const lease = await this.#regions.lease(placement.byteSize, call);
    try {
      const pointing = lease === undefined ? request : await writeInputs(request, placement, lease);
      if (this.#stopped !== undefined) throw this.#stopped;
      this.#stream = this.#inner.stream(pointing, call);
    } catch (reason) {
      lease?.release();
      throw reason;
    }
    return { stream: this.#stream, ...(lease === undefined ? {} : { lease }) };
  }

  /** The server was started anew and knows no region; it has done nothing yet. */
  #again(): ResponseStream {
    this.#regions.forget();
    const { request, call } = this.#placed;
    this.#stream = this.#inner.stream(request, call);
    return this.#stream;
  }
}
