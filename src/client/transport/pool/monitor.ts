import { isTriptychError, type TriptychError, toTriptychError } from "../../../errors/index.ts";
import type { CallOptions } from "../../options.ts";
import type { Endpoint } from "./endpoint.ts";
import { checkReady, type EndpointView, type Verify } from "./probe.ts";

/** A busy server may be late once. */
const LATE_LOOKS = 2;

/** Least time that a look gets, however often there is one. */
const LOOK_MS = 2000;

/** Looks at endpoints from time to time, so that those that are gone get no calls and those that are back do. */
export class Monitor {
  readonly #intervalMs: number;
  readonly #view: (endpoint: Endpoint) => EndpointView;
  readonly #timers = new Map<Endpoint, NodeJS.Timeout>();
  readonly #late = new Map<Endpoint, number>();
  readonly #looking = new Set<Endpoint>();
  #stopped = false;
  /** What an endpoint must be held to that was away, or was never seen. */
  verify: Verify = checkReady;

  constructor(intervalMs: number, view: (endpoint: Endpoint) => EndpointView) {
    this.#intervalMs = intervalMs;
    this.#view = view;
  }

  /** Looks once; the error is why the endpoint cannot be used. */
  async look(endpoint: Endpoint, options: CallOptions): Promise<TriptychError | undefined> {
    const { health } = endpoint;
    const isKnown = health.status === "ready" || health.status === "trial";
    try {
      await (isKnown ? checkReady : this.verify)(this.#view(endpoint), options);
      this.#late.delete(endpoint);
      health.probed();
      return undefined;
    } catch (reason) {
      const error = toTriptychError(reason);
      if (!isKnown || !this.#mayBeLate(endpoint, error)) health.failed(error.message);
      return error;
    }
  }

  /** Looks again and again from now on. */
  watch(endpoint: Endpoint): void {
    if (this.#stopped) return;
    const { status, msToProbe } = endpoint.health;
    const wait = status === "ejected" ? msToProbe : this.#intervalMs * (0.9 + Math.random() / 5);
    const timer = setTimeout(() => {
      void this.#lookAgain(endpoint);
    }, wait).unref();
    this.#timers.set(endpoint, timer);
  }

  /** Looks now at an endpoint that is watched, in place of later. */
  hurry(endpoint: Endpoint): void {
    const timer = this.#timers.get(endpoint);
    if (timer === undefined || this.#looking.has(endpoint)) return;
    clearTimeout(timer);
    void this.#lookAgain(endpoint);
  }

  forget(endpoint: Endpoint): void {
    clearTimeout(this.#timers.get(endpoint));
    this.#timers.delete(endpoint);
    this.#late.delete(endpoint);
  }

  stop(): void {
    this.#stopped = true;
    for (const endpoint of [...this.#timers.keys()]) this.forget(endpoint);
  }

  async #lookAgain(endpoint: Endpoint): Promise<void> {
    // It may have failed since the timer was set: then it is left alone for longer.
    if (endpoint.health.msToProbe === 0)
      await this.look(endpoint, { deadlineMs: Math.max(this.#intervalMs, LOOK_MS) });
    this.#looking.delete(endpoint);
    if (this.#timers.has(endpoint)) this.watch(endpoint);
  }

  #mayBeLate(endpoint: Endpoint, error: TriptychError): boolean {
    if (!isTriptychError(error, "deadline-exceeded")) return false;
    const count = (this.#late.get(endpoint) ?? 0) + 1;
    this.#late.set(endpoint, count);
    return count < LATE_LOOKS;
  }
}
