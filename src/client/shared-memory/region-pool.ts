import { isTriptychError, TriptychError } from "../../errors/index.ts";
import {
  createSharedRegion,
  isAbandoned,
  PAGE,
  removeAbandonedRegions,
  type SharedRegion,
} from "../../files/index.ts";
import type { CallOptions } from "../options.ts";
import type { SystemSharedMemory } from "./registry.ts";
import { RetiredRegions } from "./retired-regions.ts";
import type { RegionLease, RegionSource, SharedMemoryOptions, SharedMemoryUse } from "./types.ts";

const MIN_TENSOR_BYTES = 2 ** 20;
const MAX_BYTES = 2 ** 30;

/** A region may be this many times as large as what is asked for; more would waste memory that others could use. */
const LOOSE_FIT = 2;

/**
 * Regions that a server has registered, handed from call to call: to make one costs far more than to use it.
 *
 * A region loses its name as soon as the server has it open. So a process that is killed leaves nothing behind but what
 * the server has registered, which the next client of ours that comes takes back.
 */
export class RegionPool implements RegionSource {
  readonly minTensorBytes: number;
  readonly #maxBytes: number;
  readonly #server: SystemSharedMemory;
  readonly #retired: RetiredRegions;
  readonly #leased = new Set<SharedRegion>();
  #idle: SharedRegion[] = [];
  /** Bytes of regions that are just being made. */
  #coming = 0;
  #reason = "nobody has tried it yet";

  constructor(server: SystemSharedMemory, options: SharedMemoryOptions = {}) {
    this.#server = server;
    this.#retired = new RetiredRegions(server);
    this.minTensorBytes = checked("minTensorBytes", options.minTensorBytes ?? MIN_TENSOR_BYTES);
    this.#maxBytes = checked("maxBytes", options.maxBytes ?? MAX_BYTES);
  }

  get active(): boolean {
    return this.#reason === "";
  }

  get reason(): string {
    return this.#reason;
  }

  get use(): SharedMemoryUse {
    const { regions, bytes } = this.#retired;
    const held = [...this.#idle, ...this.#leased];
    return {
      regions: held.length + regions,
      bytes: bytesOf(held) + bytes,
      leased: this.#leased.size,
    };
  }

  /** There is to be none, for this reason. */
  refuse(reason: string): void {
    this.#reason = reason;
  }

  /** Finds out whether server and client have memory in common, and takes back what processes left that are gone. */
  async start(call: CallOptions): Promise<void> {
    try {
      removeAbandonedRegions();
      const region = await this.#make(PAGE, call);
      this.#idle.push(region);
      this.#reason = "";
      for (const { name } of await this.#server.status("", call)) {
        if (isAbandoned(name)) await this.#server.unregister(name, call);
      }
    } catch (reason) {
      if (this.active) return; // the rest can be done by whoever comes next
      this.#reason = reason instanceof Error ? reason.message : String(reason);
    }
  }

  async lease(byteSize: number, call: CallOptions): Promise<RegionLease | undefined> {
    if (!this.active) return undefined;
    const region = this.#takeIdle(byteSize) ?? (await this.#makeWithin(byteSize, call));
    if (region === undefined) return undefined;
    this.#leased.add(region);
    return this.#leaseOf(region);
  }

  forget(): void {
    for (const region of this.#idle.splice(0)) void region.close();
  }

  /** Gives everything back. Calls must have ended before. */
  async close(): Promise<void> {
    this.#reason = "the connection was closed";
    for (const region of [...this.#idle.splice(0), ...this.#leased]) this.#retired.add(region);
    this.#leased.clear();
    await this.#retired.close();
  }

  #leaseOf(region: SharedRegion): RegionLease {
    const end = (then: (region: SharedRegion) => void) => (): void => {
      if (this.#leased.delete(region)) then(region);
    };
    const { name, byteSize } = region;
    return {
      name,
      byteSize,
      write: (bytes, offset) => region.write(bytes, offset),
      read: (target, offset) => region.read(target, offset),
      release: end((one) => this.#idle.push(one)),
      retire: end((one) => {
        this.#retired.add(one);
      }),
    };
  }

  /** The smallest idle region that is large enough, unless it is far too large. */
  #takeIdle(byteSize: number): SharedRegion | undefined {
    const fitting = this.#idle.filter((region) => {
      return region.byteSize >= byteSize && region.byteSize <= Math.max(PAGE, byteSize * LOOSE_FIT);
    });
    const best = fitting.toSorted((a, b) => a.byteSize - b.byteSize)[0];
    if (best !== undefined) this.#idle = this.#idle.filter((region) => region !== best);
    return best;
  }

  /** A new region, in the place of idle ones where there would be too many. */
  async #makeWithin(byteSize: number, call: CallOptions): Promise<SharedRegion | undefined> {
    const size = Math.ceil(byteSize / PAGE) * PAGE;
    if (size > this.#maxBytes) return undefined;
    while (this.use.bytes + this.#coming + size > this.#maxBytes) {
      const oldest = this.#idle.shift();
      if (oldest === undefined) return undefined;
      this.#retired.add(oldest);
    }
    this.#coming += size;
    try {
      return await this.#make(size, call);
    } catch (reason) {
      if (!isTriptychError(reason, "shared-memory-unavailable")) throw reason;
      return undefined;
    } finally {
      this.#coming -= size;
    }
  }

  async #make(byteSize: number, call: CallOptions): Promise<SharedRegion> {
    const region = await createSharedRegion(byteSize);
    const { name, key } = region;
    try {
      await this.#server.register({ name, key, byteSize: region.byteSize }, call);
      await region.unlink();
      return region;
    } catch (reason) {
      // It may have been registered all the same, where only the answer did not come.
      await region.unlink();
      this.#retired.add(region);
      throw reason;
    }
  }
}

function bytesOf(regions: readonly SharedRegion[]): number {
  return regions.reduce((sum, { byteSize }) => sum + byteSize, 0);
}

function checked(field: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new TriptychError("usage", `sharedMemory.${field}: expected a whole number above 0, got ${value}.`);
}
