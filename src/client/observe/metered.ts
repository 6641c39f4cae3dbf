import { type TriptychError, toTriptychError } from "../../errors/index.ts";
import type { ModelInferResponse, Rpcs, UnaryRpcs } from "../protocol/messages.ts";
import type { TransportCall } from "../transport/context.ts";
import { isFinal, type ResponseStream } from "../transport/responses.ts";
import type { Transport } from "../transport/transport.ts";
import { CallClock } from "./clock.ts";
import type { Meter, MetricsRegistry, Outcome } from "./metrics.ts";

/** The transport with every call counted. */
export function metered(base: Transport, registry: MetricsRegistry): Transport {
  return {
    endpoint: base.endpoint,
    close: () => base.close(),
    unary: (rpc, request, call = {}) => meteredUnary(base, registry, rpc, request, call),
    stream: (request, call = {}) => {
      const flight = new Flight(registry, "ModelStreamInfer", call);
      try {
        return meteredStream(base.stream(request, watchedBy(call, flight.clock)), flight);
      } catch (reason) {
        throw flight.failed(reason);
      }
    },
  };
}

async function meteredUnary<N extends keyof UnaryRpcs>(
  base: Transport,
  registry: MetricsRegistry,
  rpc: N,
  request: UnaryRpcs[N]["request"],
  call: TransportCall,
): Promise<UnaryRpcs[N]["response"]> {
  const flight = new Flight(registry, rpc, call);
  try {
    const response = await base.unary(rpc, request, watchedBy(call, flight.clock));
    flight.end("ok");
    return response;
  } catch (reason) {
    throw flight.failed(reason);
  }
}

function meteredStream(responses: ResponseStream, flight: Flight): ResponseStream {
  return {
    stop: (reason) => {
      responses.stop(reason);
      flight.stopped(reason);
    },
    [Symbol.asyncIterator]: () => counted(responses, flight),
  };
}

async function* counted(
  responses: ResponseStream,
  flight: Flight,
): AsyncGenerator<ModelInferResponse, void, undefined> {
  flight.read = true;
  let final = false;
  try {
    for await (const response of responses) {
      final = isFinal(response);
      yield response;
    }
    flight.end("ok");
  } catch (reason) {
    throw flight.failed(reason);
  } finally {
    flight.end(final ? "ok" : "cancelled"); // the loop was left
  }
}

/** One call on its way; it ends once. */
class Flight {
  readonly clock: CallClock;
  /** True once someone reads the stream, and so sees its end. */
  read = false;
  readonly #registry: MetricsRegistry;
  readonly #meter: Meter;
  #over = false;

  constructor(registry: MetricsRegistry, rpc: keyof Rpcs, call: TransportCall) {
    this.clock = clockOf(call);
    this.#registry = registry;
    this.#meter = registry.meter(rpc, call.model);
    this.#meter.begun();
  }

  end(outcome: Outcome): void {
    if (this.#over) return;
    this.#over = true;
    this.#meter.ended(outcome, this.clock);
  }

  failed(reason: unknown): TriptychError {
    const error = toTriptychError(reason);
    if (this.#wasSent(error)) this.end(error.code);
    else this.#forget();
    return error;
  }

  /** False for a request that was refused before anything was sent, which is no call. */
  #wasSent({ code, details }: TriptychError): boolean {
    return code !== "request-invalid" || details.grpcStatus !== undefined || this.clock.requestBytes > 0;
  }

  #forget(): void {
    if (this.#over) return;
    this.#over = true;
    this.#registry.forgotten(this.#meter);
  }

  /** A stream that nobody reads ends here. */
  stopped(reason: TriptychError): void {
    if (!this.read) this.end(reason.code);
  }
}

function watchedBy(call: TransportCall, watch: CallClock): TransportCall {
  return call.watch === watch ? call : { ...call, watch };
}

function clockOf({ watch }: TransportCall): CallClock {
  return watch instanceof CallClock ? watch : new CallClock();
}
