import type { TriptychError } from "../../errors/index.ts";
import { onAbort } from "./abort-listeners.ts";
import { cancelledBy } from "./endings.ts";
import { type CallFacts, statusError } from "./status.ts";

/** What a call is guarded for. */
export interface GuardContext extends CallFacts {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Watches one running call: ends it when its signal aborts or its connection closes, and remembers
 * why, so that our own reason, not gRPC's echo of it, is what the caller sees.
 */
export class CallGuard {
  #stopped: TriptychError | undefined;
  readonly #call: { cancel(): void };
  readonly #context: GuardContext;
  readonly #running: Set<CallGuard>;
  readonly #unlisten: () => void;
  #isOver = false;
  #settled: Promise<void> | undefined;
  #markSettled: () => void = () => undefined;

  constructor(call: { cancel(): void }, context: GuardContext, running: Set<CallGuard>) {
    this.#call = call;
    this.#context = context;
    this.#running = running;
    running.add(this);
    this.#unlisten = onAbort(context.signal, () => {
      this.stop(cancelledBy(context.signal));
    });
  }

  /** Why the call was stopped from this end, if it was. */
  get stopped(): TriptychError | undefined {
    return this.#stopped;
  }

  /** @throws TriptychError why the call was stopped from this end, if it was. */
  throwIfStopped(): void {
    if (this.#stopped !== undefined) throw this.#stopped;
  }

  /** Fulfils when the call is over at both ends. Made when it is asked for: hardly any call ever is. */
  get settled(): Promise<void> {
    this.#settled ??= new Promise((resolve) => {
      this.#markSettled = resolve;
      if (this.#isOver) resolve();
    });
    return this.#settled;
  }

  /** Cancels the call, at the server too; the first reason stands. */
  stop(reason: TriptychError): void {
    this.#stopped ??= reason;
    this.#call.cancel();
  }

  /** To be called once, when the call has its status. */
  release(): void {
    this.#isOver = true;
    this.#running.delete(this);
    this.#unlisten();
    this.#markSettled();
  }

  /** The error to show for what the call failed with. */
  explain(reason: unknown): TriptychError {
    return this.#stopped ?? statusError(reason, this.#context);
  }
}
