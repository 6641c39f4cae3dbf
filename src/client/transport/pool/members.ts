import type { Client } from "@grpc/grpc-js";
import type { TriptychError } from "../../../errors/index.ts";
import { Endpoint } from "./endpoint.ts";
import type { Monitor } from "./monitor.ts";
import type { Address } from "./targets.ts";

/** The servers of a connection, as they come and go. */
export class Members {
  readonly #open: (address: Address) => Client;
  readonly #monitor: Monitor;
  #all: Endpoint[] = [];
  /** Drained by hand: a name that still has them does not bring them back. */
  readonly #left = new Set<string>();

  constructor(open: (address: Address) => Client, monitor: Monitor) {
    this.#open = open;
    this.#monitor = monitor;
  }

  get all(): readonly Endpoint[] {
    return this.#all;
  }

  add(address: Address): Endpoint {
    const endpoint = new Endpoint(address.address, this.#open(address));
    this.#all.push(endpoint);
    return endpoint;
  }

  /** Gives a server no more calls, waits for those that run as long as `patience` does, and closes the connection. */
  async remove(endpoint: Endpoint, reason: TriptychError, patience?: Promise<void>): Promise<void> {
    this.#left.add(endpoint.address);
    endpoint.health.drain();
    this.#monitor.forget(endpoint);
    await Promise.race([endpoint.idle(), ...(patience === undefined ? [] : [patience])]);
    await endpoint.close(reason);
    this.#all = this.#all.filter((one) => one !== endpoint);
  }

  /** Takes in addresses that are new, and drains those that are there no longer. */
  follow(found: readonly Address[], gone: (endpoint: Endpoint) => TriptychError): void {
    const now = new Set(found.map(({ address }) => address));
    const known = new Set(this.#all.map(({ address }) => address));
    for (const endpoint of this.#all) {
      if (now.has(endpoint.address) || endpoint.health.status === "draining") continue;
      void this.remove(endpoint, gone(endpoint));
    }
    for (const address of found) {
      if (known.has(address.address) || this.#left.has(address.address)) continue;
      this.#monitor.watch(this.add(address));
    }
    for (const address of [...this.#left]) if (!now.has(address)) this.#left.delete(address);
  }

  async close(reason: TriptychError): Promise<void> {
    await Promise.all(this.#all.map((endpoint) => endpoint.close(reason)));
  }
}
