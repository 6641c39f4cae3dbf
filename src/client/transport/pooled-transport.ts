import { setTimeout as sleep } from "node:timers/promises";
import type { Metadata } from "@grpc/grpc-js";
import { type CallOptions, checkedDeadline, checkedSignal, DEFAULT_DEADLINE_MS } from "../options.ts";
import type { ModelInferRequest, UnaryRpcs } from "../protocol/messages.ts";
import { type AttemptHost, Attempts, type BoundCall } from "./attempts.ts";
import type { TransportCall } from "./context.ts";
import { checkTexts } from "./echoed-texts.ts";
import { cancelledBy, closedError } from "./endings.ts";
import type { CallHeaders } from "./headers.ts";
import type { Admission } from "./pool/admission.ts";
import type { EndpointCall, EndpointState } from "./pool/endpoint.ts";
import { Pool, type PoolHost, type PoolOptions } from "./pool/pool.ts";
import type { Verify } from "./pool/probe.ts";
import type { Retries } from "./pool/retry.ts";
import type { Targets } from "./pool/targets.ts";
import type { ResponseStream } from "./responses.ts";
import { RetriedStream, type StreamTurn } from "./retried-stream.ts";
import type { Transport } from "./transport.ts";
import { WaitingCalls } from "./waiting.ts";

/** The parts of a transport, each made from its options. */
export interface TransportParts {
  readonly targets: Targets;
  readonly headers: CallHeaders;
  readonly retries: Retries;
  readonly admission: Admission;
  readonly pool: PoolOptions;
  readonly open: PoolHost["open"];
  /** Called at the end. */
  stop(): void;
}

/** Calls that may be sent again without harm: they only ask. */
const QUESTIONS: ReadonlySet<keyof UnaryRpcs> = new Set([
  "ServerLive",
  "ServerReady",
  "ServerMetadata",
  "ModelReady",
  "ModelMetadata",
  "ModelConfig",
  "ModelStatistics",
  "RepositoryIndex",
]);

/** A transport over one or more servers: admission, choice of a server, attempts. */
export class PooledTransport implements Transport {
  readonly endpoint: string;
  readonly #parts: TransportParts;
  readonly #waiting = new WaitingCalls();
  readonly #host: AttemptHost;
  readonly #admitOne = (call: BoundCall): EndpointCall | Promise<EndpointCall> => this.#admit(call);
  #closed = false;

  constructor(parts: TransportParts) {
    this.endpoint = parts.targets.label;
    this.#parts = parts;
    const admit = async (options: CallOptions): Promise<EndpointCall> => this.#admit(bind(options));
    const pool = new Pool(parts.targets, { open: parts.open, admit }, parts.pool);
    this.#host = { pool, retries: parts.retries, waiting: this.#waiting };
  }

  async start(verify: Verify, options: () => CallOptions): Promise<void> {
    const found = this.#waiting.wait(this.#parts.targets.resolve(), bind(options()), "the name service");
    await this.#host.pool.start(await found, verify, options);
  }

  endpoints(): readonly EndpointState[] {
    return this.#host.pool.states;
  }

  async drain(
    endpoint: string,
    { deadlineMs = DEFAULT_DEADLINE_MS, signal }: CallOptions = {},
  ): Promise<void> {
    const patience = sleep(checkedDeadline(deadlineMs), undefined, {
      ref: false,
      ...(signal === undefined ? {} : { signal }),
    });
    await this.#host.pool.drain(
      endpoint,
      patience.catch(() => undefined),
    );
  }

  async unary<N extends keyof UnaryRpcs>(
    rpc: N,
    request: UnaryRpcs[N]["request"],
    call: TransportCall = {},
  ): Promise<UnaryRpcs[N]["response"]> {
    checkTexts(request);
    const bound = bind(call);
    const place = rpc === "ModelInfer" ? this.#enter(bound) : undefined;
    try {
      if (place?.turn !== undefined) await place.turn;
      return await this.#tryUnary(rpc, request, this.#attemptsOf(bound, QUESTIONS.has(rpc)));
    } finally {
      place?.leave();
    }
  }

  stream(request: ModelInferRequest, call: TransportCall = {}): ResponseStream {
    checkTexts(request);
    const bound = bind(call);
    return new RetriedStream(request, this.#attemptsOf(bound, false), this.#enter(bound));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting.stopAll(closedError());
    await this.#host.pool.close(closedError());
    this.#parts.stop();
  }

  async #tryUnary<N extends keyof UnaryRpcs>(
    rpc: N,
    request: UnaryRpcs[N]["request"],
    attempts: Attempts,
  ): Promise<UnaryRpcs[N]["response"]> {
    for (;;) {
      const prepared = attempts.prepare();
      // What need not be waited for costs no turn of the event loop.
      const call = prepared instanceof Promise ? await prepared : prepared;
      const endpoint = attempts.pick();
      try {
        const response = await endpoint.unary(rpc, request, call);
        attempts.succeeded();
        return response;
      } catch (reason) {
        await attempts.again(reason);
      }
    }
  }

  #attemptsOf(call: BoundCall, repeatable: boolean): Attempts {
    return new Attempts(this.#host, call, this.#admitOne, repeatable);
  }

  /** A place among the inferences of this client. */
  #enter(call: BoundCall): StreamTurn {
    this.#check(call);
    const { turn, leave } = this.#parts.admission.enter();
    if (turn === undefined) return { leave };
    return { turn: this.#waiting.wait(turn, call, "its turn"), leave };
  }

  #admit(call: BoundCall): EndpointCall | Promise<EndpointCall> {
    this.#check(call);
    const metadata = this.#parts.headers.of(call.headers);
    return metadata instanceof Promise ? this.#admitLater(call, metadata) : { ...call, metadata };
  }

  async #admitLater(call: BoundCall, headers: Promise<Metadata>): Promise<EndpointCall> {
    const metadata = await this.#waiting.wait(headers, call, this.#parts.headers.sources);
    this.#check(call);
    return { ...call, metadata };
  }

  #check({ signal }: BoundCall): void {
    if (this.#closed) throw closedError();
    if (signal?.aborted === true) throw cancelledBy(signal);
  }
}

function bind(call: TransportCall): BoundCall {
  checkedSignal(call.signal);
  return { ...call, until: performance.now() + checkedDeadline(call.deadlineMs ?? DEFAULT_DEADLINE_MS) };
}
