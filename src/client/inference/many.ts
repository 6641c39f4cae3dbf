import { TriptychError, toTriptychError } from "../../errors/index.ts";
import { checkedSignal } from "../options.ts";
import { onAbort } from "../transport/abort-listeners.ts";
import { cancelledBy } from "../transport/endings.ts";
import { Lane } from "../transport/lane.ts";
import type { Transport } from "../transport/transport.ts";
import { type InferenceStream, openInference } from "./calls.ts";
import { Handover } from "./handover.ts";
import type { ManyOptions, ManyPartialInference, ManyRequest } from "./many-types.ts";
import type { InferOptions } from "./types.ts";
import type { AnyInputs, AnyOutputs, NamedContract } from "./untyped.ts";

const IN_FLIGHT = 16;

/** Requests before their types are put on. */
export type AnyRequests = Iterable<ManyRequest<AnyInputs>> | AsyncIterable<ManyRequest<AnyInputs>>;

type Entry = ManyPartialInference<AnyOutputs, string>;

/** How each request is sent: on the stream that they share. */
type Send = (inputs: AnyInputs, options: InferOptions) => InferenceStream;

/**
 * Sends many requests on one gRPC stream, so many at a time, and gives what comes back as it comes. They are sent when the
 * iteration starts; leaving it cancels them.
 */
export async function* streamMany(
  transport: Transport,
  model: NamedContract,
  requests: AnyRequests,
  { signal, maxInFlight = IN_FLIGHT, ...shared }: ManyOptions = {},
): AsyncGenerator<Entry, void, undefined> {
  const lane = new Lane();
  const send: Send = (inputs, own) => openInference(transport, model, inputs, { ...shared, ...own, lane });
  const calls = new ManyCalls(send, checkedLimit(maxInFlight));
  const leave = (): void => {
    calls.stop(cancelledBy(signal));
    lane.end();
  };
  if (checkedSignal(signal)?.aborted === true) throw cancelledBy(signal);
  const unlisten = onAbort(signal, leave);
  try {
    void calls.play(requests);
    yield* calls.entries;
  } finally {
    unlisten();
    leave();
  }
}

/** The requests that share a stream, as far as they are under way. */
class ManyCalls {
  readonly entries = new Handover<Entry>();
  readonly #send: Send;
  readonly #limit: number;
  readonly #streams = new Set<InferenceStream>();
  #inFlight = 0;
  #stopped = false;
  #wake: () => void = () => undefined;

  constructor(send: Send, limit: number) {
    this.#send = send;
    this.#limit = limit;
  }

  /** Sends all requests and ends when the last is through. What fails is the source of the requests, not one of them. */
  async play(requests: AnyRequests): Promise<void> {
    let index = 0;
    try {
      for await (const { inputs, ...own } of requests) {
        while (this.#inFlight >= this.#limit && !this.#stopped) await this.#change();
        if (this.#stopped) return;
        void this.#start(index, inputs, own);
        index += 1;
      }
      while (this.#inFlight > 0 && !this.#stopped) await this.#change();
      this.entries.end();
    } catch (reason) {
      this.stop(reason);
    }
  }

  /** Ends all, and the entries with this reason. */
  stop(reason: unknown): void {
    this.#stopped = true;
    this.entries.fail(reason);
    for (const stream of this.#streams) stream.stop(toTriptychError(reason));
    this.#wake();
  }

  async #start(index: number, inputs: AnyInputs, own: InferOptions): Promise<void> {
    this.#inFlight += 1;
    let stream: InferenceStream | undefined;
    try {
      stream = this.#send(inputs, own);
      this.#streams.add(stream);
      await this.#pass(index, stream);
    } catch (reason) {
      await this.entries.put({ index, error: toTriptychError(reason), last: true });
    } finally {
      if (stream !== undefined) this.#streams.delete(stream);
      this.#inFlight -= 1;
      this.#wake();
    }
  }

  async #pass(index: number, stream: InferenceStream): Promise<void> {
    let through = false;
    for await (const answer of stream) {
      through = answer.final;
      await this.entries.put({ index, answer, last: through });
    }
    if (!through) await this.entries.put({ index, answer: undefined, last: true });
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

function checkedLimit(maxInFlight: number): number {
  if (Number.isSafeInteger(maxInFlight) && maxInFlight >= 1) return maxInFlight;
  throw new TriptychError(
    "request-invalid",
    `maxInFlight: expected a number from 1 on, got ${maxInFlight}.`,
    {
      hint: "Leave it out for 16 requests at a time.",
    },
  );
}
