import { setTimeout as sleep } from "node:timers/promises";
import { isTriptychError, toTriptychError } from "../../errors/index.ts";
import type { TransportCall } from "./context.ts";
import type { Endpoint, EndpointCall } from "./pool/endpoint.ts";
import type { Pool } from "./pool/pool.ts";
import { afterAttempts, type Retries } from "./pool/retry.ts";
import type { CallLimits, WaitingCalls } from "./waiting.ts";

/** A call with its limits set. */
export type BoundCall = TransportCall & CallLimits;

/** What the attempts of all calls of a transport have in common. */
export interface AttemptHost {
  readonly pool: Pool;
  readonly retries: Retries;
  readonly waiting: WaitingCalls;
}

/** What a first attempt has tried. */
const NONE: ReadonlySet<Endpoint> = new Set();

/** The attempts of one call, each at a server that was not tried yet if there is one. */
export class Attempts {
  readonly #host: AttemptHost;
  readonly #limits: BoundCall;
  readonly #admit: (call: BoundCall) => EndpointCall | Promise<EndpointCall>;
  readonly #repeatable: boolean;
  #tried: ReadonlySet<Endpoint> = NONE;
  #last: Endpoint | undefined;
  #number = 0;

  constructor(
    host: AttemptHost,
    limits: BoundCall,
    admit: (call: BoundCall) => EndpointCall | Promise<EndpointCall>,
    repeatable: boolean,
  ) {
    this.#host = host;
    this.#limits = limits;
    this.#admit = admit;
    this.#repeatable = repeatable;
  }

  /** What the next attempt takes along; headers are asked for anew, since a token may have run out. */
  prepare(): EndpointCall | Promise<EndpointCall> {
    return this.#admit(this.#limits);
  }

  /** Where the next attempt goes. It must be sent there at once: until then it does not count as load. */
  pick(): Endpoint {
    const endpoint = this.#host.pool.pick(this.#tried);
    this.#last = endpoint;
    this.#number += 1;
    return endpoint;
  }

  /** Waits until it is time for another attempt; throws what the last one failed with where there must be none. */
  async again(reason: unknown): Promise<void> {
    if (this.#last !== undefined) this.#tried = new Set([...this.#tried, this.#last]);
    const error = toTriptychError(reason);
    const { pool, retries, waiting } = this.#host;
    // It may be shutting down: then it should get no more calls before the next look is due.
    if (error.code === "model-not-found" && this.#last !== undefined) pool.suspect(this.#last);
    const msLeft = this.#limits.until - performance.now();
    const elsewhere = pool.hasOther(this.#tried);
    const attempt = { number: this.#number, error, repeatable: this.#repeatable, elsewhere, msLeft };
    // What is no failure of a call's is not tried again.
    const isSpent = isTriptychError(reason) && retries.isSpent(attempt);
    const pause = isTriptychError(reason) ? retries.pauseBefore(attempt) : undefined;
    if (pause === undefined) throw afterAttempts(error, this.#number, isSpent);
    await waiting.wait(sleep(pause), this.#limits, "another attempt");
    this.#limits.watch?.retried();
  }

  /** A call succeeded, which is to the good of later ones. */
  succeeded(): void {
    this.#host.retries.earn();
  }
}
