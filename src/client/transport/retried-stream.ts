import { isTriptychError, type TriptychError } from "../../errors/index.ts";
import type { ModelInferRequest, ModelInferResponse } from "../protocol/messages.ts";
import type { Attempts } from "./attempts.ts";
import type { Endpoint } from "./pool/endpoint.ts";
import type { ResponseStream } from "./responses.ts";

/** An attempt that was sent. */
interface Opened {
  readonly endpoint: Endpoint;
  readonly stream: ResponseStream;
}

/** What a stream waits for before it is sent, and what it gives back at its end. */
export interface StreamTurn {
  /** Absent where nothing is waited for. */
  readonly turn?: Promise<void>;
  readonly leave: () => void;
}

/**
 * A stream that is sent as soon as it may be, and again as long as no server took it up. Once there was a response it
 * stays where it is.
 */
export class RetriedStream implements ResponseStream {
  readonly #request: ModelInferRequest;
  readonly #attempts: Attempts;
  readonly #turn: StreamTurn;
  readonly #first: Promise<Opened>;
  #opened: Opened | undefined;
  #stopped: TriptychError | undefined;
  #isRead = false;
  #endWait: (reason: TriptychError) => void = () => undefined;
  readonly #stop = new Promise<never>((_, reject) => {
    this.#endWait = reject;
  });

  constructor(request: ModelInferRequest, attempts: Attempts, turn: StreamTurn) {
    this.#request = request;
    this.#attempts = attempts;
    this.#turn = turn;
    this.#stop.catch(() => undefined);
    this.#first = Promise.race([turn.turn, this.#stop]).then(() => this.#open());
    // Whoever stops it may never read it.
    this.#first.catch(() => {
      turn.leave();
    });
  }

  stop(reason: TriptychError): void {
    this.#stopped ??= reason;
    this.#endWait(reason);
    this.#opened?.stream.stop(reason);
    if (!this.#isRead) this.#turn.leave();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ModelInferResponse, void, undefined> {
    this.#isRead = true;
    try {
      let opened = await this.#first;
      for (;;) {
        const failure = yield* this.#play(opened);
        if (failure === undefined) return;
        await Promise.race([this.#attempts.again(failure), this.#stop]);
        opened = await this.#open();
      }
    } finally {
      this.#turn.leave();
    }
  }

  /** Plays one attempt to its end. A failure that may be mended by another attempt is handed back, others are thrown. */
  async *#play({ endpoint, stream }: Opened): AsyncGenerator<ModelInferResponse, TriptychError | undefined> {
    let answered = false;
    try {
      for await (const response of stream) {
        if (!answered) endpoint.note();
        answered = true;
        yield response;
      }
      if (!answered) endpoint.note();
      this.#attempts.succeeded();
      return undefined;
    } catch (reason) {
      if (!isTriptychError(reason) || this.#stopped !== undefined) throw reason;
      endpoint.note(reason);
      if (answered) throw reason;
      return reason;
    }
  }

  async #open(): Promise<Opened> {
    const prepared = this.#attempts.prepare();
    const call = prepared instanceof Promise ? await Promise.race([prepared, this.#stop]) : prepared;
    if (this.#stopped !== undefined) throw this.#stopped;
    const endpoint = this.#attempts.pick();
    this.#opened = { endpoint, stream: endpoint.stream(this.#request, call) };
    return this.#opened;
  }
}
