import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "../run/clock.ts";

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** A clock whose time passes only while everybody waits. */
export class VirtualClock implements Clock {
  #now = 0;
  #sleepers: Sleeper[] = [];

  now(): number {
    return this.#now;
  }

  until(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms <= this.#now || signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      this.#sleepers.push({ at: ms, wake: resolve });
      signal?.addEventListener("abort", () => {
        resolve();
      });
    });
  }

  /** Lets time pass until the work is done. */
  async run<T>(work: Promise<T>): Promise<T> {
    const state = { isDone: false };
    const watched = work.finally(() => {
      state.isDone = true;
    });
    watched.catch(() => undefined);
    await turn();
    while (!state.isDone) {
      this.#wakeNext();
      await turn();
    }
    return watched;
  }

  #wakeNext(): void {
    this.#sleepers.sort((a, b) => a.at - b.at);
    const next = this.#sleepers.shift();
    if (next === undefined) throw new TypeError("everybody waits, and for nothing that will come");
    this.#now = Math.max(this.#now, next.at);
    next.wake();
  }
}
