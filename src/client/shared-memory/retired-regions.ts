import { pause } from "../../errors/index.ts";
import type { SharedRegion } from "../../files/index.ts";
import type { SystemSharedMemory } from "./registry.ts";

const RETRY_MS = 500;
const CALL_MS = 2000;
/** After so many tries the server is gone, or will not part with the region before its own end. */
const TRIES = 120;
/** Tries when the client closes, which should not take long. */
const LAST_TRIES = 4;

/**
 * Regions that no call uses any more, on their way back to the machine.
 *
 * The server may still write to one for a call that was given up: it says so when asked to forget the region, and is
 * asked again. Until then the region stays as it is.
 */
export class RetiredRegions {
  readonly #server: SystemSharedMemory;
  readonly #waiting = new Map<SharedRegion, number>();
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();

  constructor(server: SystemSharedMemory) {
    this.#server = server;
  }

  get regions(): number {
    return this.#waiting.size;
  }

  get bytes(): number {
    return [...this.#waiting.keys()].reduce((sum, { byteSize }) => sum + byteSize, 0);
  }

  add(region: SharedRegion): void {
    this.#waiting.set(region, TRIES);
    this.#next();
  }

  /** Tries for all that wait, a few times, then leaves it to whoever comes after this process. */
  async close(): Promise<void> {
    for (let tries = 1; this.#waiting.size > 0 && tries <= LAST_TRIES; tries += 1) {
      this.#next();
      await this.#round;
      if (this.#waiting.size > 0 && tries < LAST_TRIES) await pause(RETRY_MS / LAST_TRIES, undefined);
    }
    clearTimeout(this.#timer);
    await Promise.all([...this.#waiting.keys()].map((region) => region.close()));
    this.#waiting.clear();
  }

  #next(): void {
    this.#round = this.#round.then(() => this.#tryAll());
  }

  async #tryAll(): Promise<void> {
    await Promise.all([...this.#waiting].map(([region, left]) => this.#try(region, left)));
    clearTimeout(this.#timer);
    if (this.#waiting.size === 0) return;
    // Nobody's process should live on for this alone.
    this.#timer = setTimeout(() => {
      this.#next();
    }, RETRY_MS).unref();
  }

  async #try(region: SharedRegion, left: number): Promise<void> {
    try {
      await this.#server.unregister(region.name, { deadlineMs: CALL_MS });
    } catch {
      if (left > 1) {
        this.#waiting.set(region, left - 1);
        return;
      }
    }
    this.#waiting.delete(region);
    await region.close();
  }
}
