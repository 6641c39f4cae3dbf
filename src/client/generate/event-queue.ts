import type { TriptychError } from "../../errors/index.ts";
import type { ProgressEvent } from "./types.ts";

/** Events that wait for a slow reader before the oldest are dropped. */
export const EVENT_LIMIT = 256;

/** Waiting events that keep their picture: pictures are large, and old ones stale. */
export const PREVIEW_LIMIT = 8;

interface Waiter {
  readonly resolve: (result: IteratorResult<ProgressEvent, undefined>) => void;
  readonly reject: (reason: TriptychError) => void;
}

/**
 * Events between a run, which never waits, and a loop, which may be slow or absent.
 *
 * Its memory is bounded: the oldest events are dropped, and older ones lose their picture. That
 * is harmless, since an event says where the run is, and the clip itself does not come this way.
 */
export class EventQueue {
  #events: ProgressEvent[] = [];
  #waiters: Waiter[] = [];
  #ended = false;
  #failure: TriptychError | undefined;

  push(event: ProgressEvent): void {
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      waiter.resolve({ done: false, value: event });
      return;
    }
    this.#events.push(event);
    if (this.#events.length > EVENT_LIMIT) this.#events.shift();
    this.#dropStalePicture();
  }

  /** No more events; waiting ones can still be read. */
  end(): void {
    this.#ended = true;
    for (const { resolve } of this.#waiters.splice(0)) resolve({ done: true, value: undefined });
  }

  /** No more events, because of a failure that reading tells of after those that wait. */
  fail(reason: TriptychError): void {
    this.#failure = reason;
    for (const { reject } of this.#waiters.splice(0)) reject(reason);
  }

  next(): Promise<IteratorResult<ProgressEvent, undefined>> {
    const event = this.#events.shift();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
    });
  }

  #dropStalePicture(): void {
    const at = this.#events.length - 1 - PREVIEW_LIMIT;
    const stale = this.#events[at];
    if (stale?.preview === undefined) return;
    const { stage, step, steps, elapsedMs } = stale;
    this.#events[at] = { stage, step, steps, elapsedMs };
  }
}
