import type { ErrorCode } from "../../errors/index.ts";
import type { Rpcs } from "../protocol/messages.ts";
import type { CallClock } from "./clock.ts";
import { BYTE_BOUNDS, Histogram, type HistogramData, LATENCY_BOUNDS_MS } from "./histogram.ts";

/** How a call ended: `ok`, or the code of its error. */
export type Outcome = "ok" | ErrorCode;

/** What was counted for one call of one model, or of the server itself. */
export interface CallMetrics {
  /** Name of the call in Triton's gRPC service. */
  readonly rpc: keyof Rpcs;
  /** Undefined for a question to the server itself; `(others)` once a thousand kinds of calls are counted. */
  readonly model: string | undefined;
  /** Calls under way now. */
  readonly inFlight: number;
  /** Calls that have ended, by how they did. */
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
  /** Times a call was tried again. */
  readonly retries: number;
  /** Answers that came; a stream has any number. */
  readonly answers: number;
  /** From the call to its end, however it ended. */
  readonly latencyMs: HistogramData;
  /** From the call until its first answer was whole. */
  readonly firstResponseMs: HistogramData;
  /** Bytes of the message sent for one call, and of all that came back for it. */
  readonly requestBytes: HistogramData;
  readonly responseBytes: HistogramData;
}

/** What a client has counted since it was connected. */
export interface ClientMetrics {
  /** When counting began, in milliseconds since 1970. */
  readonly sinceMs: number;
  readonly endpoint: string;
  /** In the order of the first call. */
  readonly calls: readonly CallMetrics[];
}

/** Models that are counted each by itself: names may come from outside, and must not fill the memory. */
const METER_LIMIT = 1000;

/** What stands for the models beyond. */
const OTHERS = "(others)";

/** Counts all calls of one client. */
export class MetricsRegistry {
  readonly #endpoint: string;
  readonly #sinceMs = Date.now();
  readonly #meters = new Map<string, Meter>();

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  /** The meter of a call; made when it is first asked for. */
  meter(rpc: keyof Rpcs, model: string | undefined): Meter {
    const key = keyOf(rpc, model);
    const known = this.#meters.get(key);
    if (known !== undefined) return known;
    if (this.#meters.size >= METER_LIMIT && model !== OTHERS) return this.meter(rpc, OTHERS);
    const made = new Meter(rpc, model);
    this.#meters.set(key, made);
    return made;
  }

  /** A call that was begun and is none; a meter of nothing else is none either. */
  forgotten(meter: Meter): void {
    meter.forgotten();
    if (meter.isUnused) this.#meters.delete(meter.key);
  }

  data(): ClientMetrics {
    const calls = [...this.#meters.values()].map((meter) => meter.data());
    return { sinceMs: this.#sinceMs, endpoint: this.#endpoint, calls };
  }
}

function keyOf(rpc: keyof Rpcs, model: string | undefined): string {
  return `${rpc} ${model ?? ""}`;
}

/** Counts the calls of one kind to one model. */
export class Meter {
  readonly #rpc: keyof Rpcs;
  readonly #model: string | undefined;
  #inFlight = 0;
  #retries = 0;
  #answers = 0;
  readonly #outcomes = new Map<Outcome, number>();
  readonly #latencyMs = new Histogram(LATENCY_BOUNDS_MS);
  readonly #firstResponseMs = new Histogram(LATENCY_BOUNDS_MS);
  readonly #requestBytes = new Histogram(BYTE_BOUNDS);
  readonly #responseBytes = new Histogram(BYTE_BOUNDS);

  constructor(rpc: keyof Rpcs, model: string | undefined) {
    this.#rpc = rpc;
    this.#model = model;
  }

  get key(): string {
    return keyOf(this.#rpc, this.#model);
  }

  get isUnused(): boolean {
    return this.#inFlight === 0 && this.#outcomes.size === 0;
  }

  forgotten(): void {
    this.#inFlight -= 1;
  }

  begun(): void {
    this.#inFlight += 1;
  }

  ended(outcome: Outcome, clock: CallClock): void {
    this.#inFlight -= 1;
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
    this.#retries += clock.retries;
    this.#answers += clock.responses;
    this.#latencyMs.record(clock.elapsedMs);
    const { firstResponseMs } = clock;
    if (firstResponseMs !== undefined) this.#firstResponseMs.record(firstResponseMs);
    if (clock.requestBytes > 0) this.#requestBytes.record(clock.requestBytes);
    if (clock.responses > 0) this.#responseBytes.record(clock.responseBytes);
  }

  data(): CallMetrics {
    return {
      rpc: this.#rpc,
      model: this.#model,
      inFlight: this.#inFlight,
      outcomes: Object.fromEntries(this.#outcomes),
      retries: this.#retries,
      answers: this.#answers,
      latencyMs: this.#latencyMs.data(),
      firstResponseMs: this.#firstResponseMs.data(),
      requestBytes: this.#requestBytes.data(),
      responseBytes: this.#responseBytes.data(),
    };
  }
}
