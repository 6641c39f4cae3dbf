import type { Client, ClientDuplexStream } from "@grpc/grpc-js";
import type { ModelInferRequest } from "../protocol/messages.ts";
import { rpc } from "../protocol/service.ts";
import type { CallContext } from "./context.ts";
import { cancelledBy } from "./endings.ts";
import { CallGuard } from "./guard.ts";
import { LaneRequest } from "./lane-request.ts";
import { isFinal, type ResponseStream } from "./responses.ts";
import { messageError, unfinished } from "./status.ts";

/** How long a server may take to close a stream that has nothing left to say. */
const CLOSING_MS = 2000;

/** Answers that may wait for their readers; then no more are read, and the server is held up. */
const MOST_WAITING = 16;

type Call = ClientDuplexStream<Buffer, Buffer>;

const asIs = (bytes: Buffer): Buffer => bytes;

/** Who runs at a server: requests, and what does not count as one. */
export interface Running {
  readonly counted: Set<CallGuard>;
  readonly uncounted: Set<CallGuard>;
}

/** One gRPC stream to one server that many requests share. Its headers are those of the first. */
export class LaneCall {
  readonly #call: Call;
  readonly #running: Running;
  readonly #guard: CallGuard;
  readonly #method = rpc("ModelStreamInfer");
  /** By the id on the wire; also those that nobody waits for any more, until the server is done with them. */
  readonly #requests = new Map<string, LaneRequest>();
  /** When requests failed at a server that may still have their end mark to send, and crashes where it cannot. */
  readonly #failed = new Map<string, number>();
  #count = 0;
  #waiting = 0;
  #hasRoom: () => void = () => undefined;
  #isOver = false;

  constructor(client: Client, context: CallContext, running: Running) {
    const { path } = this.#method;
    // Each request has its own deadline; the stream ends with its last request.
    this.#call = client.makeBidiStreamRequest(path, asIs, asIs, context.metadata, {});
    // Cancelling emits an error; without a listener that would end the process.
    this.#call.on("error", () => undefined);
    this.#running = running;
    this.#guard = new CallGuard(this.#call, { endpoint: context.endpoint }, running.uncounted);
    this.#call.once("status", () => {
      this.#guard.release();
    });
    void this.#read();
  }

  /** True where it carries no more requests. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Sends a request. What comes back must be read or stopped, or it holds the others up. */
  send(request: ModelInferRequest, context: CallContext): ResponseStream {
    const id = this.#idFor(request.id);
    const bytes = this.#method.serialize({ ...request, id });
    context.watch?.serialized(bytes.length);
    const answers = new LaneRequest(request.id, context, this.#running.counted, {
      taken: (count) => {
        this.#taken(count);
      },
    });
    this.#requests.set(id, answers);
    this.#call.write(bytes, () => context.watch?.sent());
    return answers;
  }

  /** No more requests. What still runs is cancelled at the server. */
  leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const request of this.#requests.values()) request.stop(cancelledBy(undefined));
    this.#forgetFailed();
    if (this.#requests.size > 0 && this.#failed.size === 0) this.#call.cancel();
    else this.#closeSoon();
  }

  #closeSoon(): void {
    this.#call.end();
    const timer = setTimeout(() => {
      this.#call.cancel();
    }, CLOSING_MS).unref();
    this.#call.once("status", () => {
      clearTimeout(timer);
    });
  }

  /** The caller's own id where it is free, so that it is the one in the server's log. */
  #idFor(wanted: string): string {
    const isTaken = (id: string): boolean => this.#requests.has(id) || this.#failed.has(id);
    if (wanted !== "" && !isTaken(wanted)) return wanted;
    this.#count += 1;
    const id = `${wanted}#${this.#count}`;
    return isTaken(id) ? this.#idFor(wanted) : id;
  }

  async #read(): Promise<void> {
    let failure: unknown;
    try {
      for await (const bytes of this.#call.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        this.#take(bytes);
        if (this.#waiting >= MOST_WAITING) await this.#room();
      }
    } catch (reason) {
      failure = this.#guard.stopped ?? reason;
    }
    this.#isOver = true;
    // A stream that ends well before the last answers of its requests has lost them.
    for (const request of this.#requests.values()) request.end(failure ?? unfinished(request.context));
    this.#requests.clear();
  }

  #take(bytes: Buffer): void {
    const { error_message: error, infer_response: response } = this.#method.deserialize(bytes);
    const id = response?.id ?? "";
    const request = this.#requests.get(id);
    if (error !== "") this.#fail(id, error);
    else if (response !== null && request !== undefined) {
      // Whose it is is known only once it is read.
      request.context.watch?.received(bytes.length);
      request.context.watch?.read();
      if (request.push(response)) this.#waiting += 1;
    }
    if (response === null || !isFinal(response)) return;
    this.#requests.delete(id);
    this.#failed.delete(id);
  }

  /** A failure that names no request is one of the stream. */
  #fail(id: string, error: string): void {
    const all = id === "" ? [...this.#requests.values()] : [this.#requests.get(id)];
    for (const request of all) request?.end(messageError(error, request.context));
    if (id === "") this.leave();
    this.#requests.delete(id);
    this.#forgetFailed();
    this.#failed.set(id, performance.now());
  }

  /** A model that answers once sends no end mark after a failure, so that nobody knows whether one is to come. */
  #forgetFailed(): void {
    const longAgo = performance.now() - CLOSING_MS;
    for (const [id, at] of this.#failed) {
      if (at > longAgo) return;
      this.#failed.delete(id);
    }
  }

  #taken(count: number): void {
    this.#waiting -= count;
    if (this.#waiting < MOST_WAITING) this.#hasRoom();
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      this.#hasRoom = resolve;
    });
  }
}
