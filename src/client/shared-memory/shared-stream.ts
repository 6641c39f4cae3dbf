import { isTriptychError } from "../../errors/index.ts";
import type { ModelInferRequest, ModelInferResponse } from "../protocol/messages.ts";
import type { TransportCall } from "../transport/context.ts";
import type { ResponseStream } from "../transport/responses.ts";
import type { Transport } from "../transport/transport.ts";
import { LaterStream } from "./later-stream.ts";
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
  return new LaterStream(() => openShared(inner, regions, placed));
}

async function openShared(
  inner: Transport,
  regions: RegionSource,
  { request, placement, call }: PlacedCall,
): Promise<ResponseStream> {
  const plain = (): ResponseStream => inner.stream(request, call);
  const lease = await regions.lease(placement.byteSize, call);
  if (lease === undefined) return plain();
  try {
    const stream = inner.stream(await writeInputs(request, placement, lease), call);
    return new LeasedStream(stream, placement, lease, () => {
      // The server was started anew and knows no region; it has done nothing yet.
      regions.forget();
      return plain();
    });
  } catch (reason) {
    lease.release();
    throw reason;
  }
}

class LeasedStream implements ResponseStream {
  #stream: ResponseStream;
  readonly #placement: Placement;
  readonly #lease: RegionLease;
  readonly #again: () => ResponseStream;

  constructor(stream: ResponseStream, placement: Placement, lease: RegionLease, again: () => ResponseStream) {
    this.#stream = stream;
    this.#placement = placement;
    this.#lease = lease;
    this.#again = again;
  }

  stop(...reason: Parameters<ResponseStream["stop"]>): void {
    this.#stream.stop(...reason);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ModelInferResponse, void, undefined> {
    let isDone = false;
    let isUnderWay = false;
    try {
      for await (const response of this.#stream) {
        isUnderWay = true;
        yield await readOutputs(response, this.#placement, this.#lease);
      }
      isDone = true;
    } catch (reason) {
      if (isUnderWay || !isTriptychError(reason, "shared-memory-unavailable")) throw reason;
    } finally {
      if (isDone) this.#lease.release();
      else this.#lease.retire();
    }
    if (isDone) return;
    this.#stream = this.#again();
    yield* this.#stream;
  }
}
