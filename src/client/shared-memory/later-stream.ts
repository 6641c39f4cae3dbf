import type { TriptychError } from "../../errors/index.ts";
import type { ModelInferResponse } from "../protocol/messages.ts";
import type { ResponseStream } from "../transport/responses.ts";

/** A stream that is opened as soon as what it waits for is there; until then it can be stopped too. */
export class LaterStream implements ResponseStream {
  #opened: ResponseStream | undefined;
  #stopped: TriptychError | undefined;
  #reject: (reason: TriptychError) => void = () => undefined;
  readonly #stream: Promise<ResponseStream>;

  constructor(start: () => Promise<ResponseStream>) {
    this.#stream = new Promise((resolve, reject) => {
      this.#reject = reject;
      start().then((stream) => {
        this.#opened = stream;
        if (this.#stopped !== undefined) stream.stop(this.#stopped);
        resolve(stream);
      }, reject);
    });
    // Whoever stops it may never read it.
    this.#stream.catch(() => undefined);
  }

  stop(reason: TriptychError): void {
    this.#stopped ??= reason;
    if (this.#opened === undefined) this.#reject(reason);
    else this.#opened.stop(reason);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ModelInferResponse, void, undefined> {
    yield* await this.#stream;
  }
}
