import { TriptychError } from "../../errors/index.ts";
import type { ModelInferResponse } from "../protocol/messages.ts";
import type { CallContext } from "./context.ts";
import { CallGuard } from "./guard.ts";
import { isFinal, type ResponseStream } from "./responses.ts";

/** What a request tells the stream that it shares. */
export interface LaneRequestHost {
  /** So many answers wait no longer. */
  taken(count: number): void;
}

/** The answers to one of the requests that share a gRPC stream. */
export class LaneRequest implements ResponseStream {
  readonly context: CallContext;
  /** The caller's own id for it. */
  readonly #id: string;
  readonly #host: LaneRequestHost;
  readonly #guard: CallGuard;
  readonly #timer: NodeJS.Timeout;
  #waiting: ModelInferResponse[] = [];
  #isOver = false;
  #failure: TriptychError | undefined;
  #wake: () => void = () => undefined;

  constructor(id: string, context: CallContext, running: Set<CallGuard>, host: LaneRequestHost) {
    this.#id = id;
    this.context = context;
    this.#host = host;
    // A gRPC stream has no word for the end of one request: its further answers are let fall.
    this.#guard = new CallGuard(
      {
        cancel: () => {
          this.#drop();
        },
      },
      context,
      running,
    );
    this.#timer = setTimeout(
      () => {
        this.stop(late(context));
      },
      Math.max(0, context.until - performance.now()),
    );
  }

  stop(reason: TriptychError): void {
    if (this.#isOver) this.#host.taken(this.#waiting.splice(0).length);
    else this.#guard.stop(reason);
  }

  /** Takes an answer; the last one without outputs is a mark and no answer. False where nobody waits for it. */
  push(response: ModelInferResponse): boolean {
    const last = isFinal(response);
    const wanted = !this.#isOver && (!last || response.outputs.length > 0);
    if (wanted) this.#waiting.push({ ...response, id: this.#id });
    if (last) this.end();
    this.#wake();
    return wanted;
  }

  /** No more answers; those that wait can still be read, and the failure comes after them. */
  end(failure?: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#guard.release();
    if (failure !== undefined) this.#failure = this.#guard.explain(failure);
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ModelInferResponse, void, undefined> {
    try {
      for (;;) {
        const next = this.#waiting.shift();
        if (next !== undefined) {
          this.#host.taken(1);
          yield next;
        } else if (this.#isOver) break;
        else await this.#more();
      }
    } finally {
      this.#drop();
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #drop(): void {
    this.#host.taken(this.#waiting.splice(0).length);
    this.end(this.#guard.stopped);
  }
}

function late({ endpoint, model }: CallContext): TriptychError {
  const subject = model === undefined ? endpoint : `${model} at ${endpoint}`;
  return new TriptychError("deadline-exceeded", `${subject}: the last answer did not come in time.`, {
    hint: "Give each request more time (deadlineMs). The server goes on with it until all the others are through.",
    details: { endpoint, ...(model === undefined ? {} : { model }) },
  });
}
