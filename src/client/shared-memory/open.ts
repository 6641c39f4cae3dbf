import { TriptychError } from "../../errors/index.ts";
import type { CallOptions } from "../options.ts";
import { fieldsOf, shownValue } from "../shown.ts";
import type { PooledTransport } from "../transport/pooled-transport.ts";
import type { Transport } from "../transport/transport.ts";
import { RegionPool } from "./region-pool.ts";
import { systemSharedMemory } from "./registry.ts";
import { SharedMemoryTransport } from "./shared-transport.ts";
import type { SharedMemory, SharedMemoryOptions } from "./types.ts";

/** Shared memory that is to be tried once the server is known to be there. */
interface StartableSharedMemory extends SharedMemory {
  /** @throws TriptychError `shared-memory-unavailable` where it is required. */
  start(call: CallOptions): Promise<void>;
}

/** Servers, or what plays their part. */
export type Backing = Transport & Pick<PooledTransport, "start" | "endpoints" | "drain">;

/** Servers, the way that calls take to them, and what of it is memory. */
export interface Connection {
  readonly pool: Backing;
  readonly transport: Transport;
  readonly sharedMemory: StartableSharedMemory;
}

/** What a connection becomes with the shared memory that was asked for; itself where none was. */
export function withSharedMemory(pool: Backing, wish: boolean | SharedMemoryOptions | undefined): Connection {
  if (wish === undefined || wish === false) return { pool, transport: pool, sharedMemory: NONE };
  const options = wish === true ? {} : checkedWish(wish);
  const regions = new RegionPool(systemSharedMemory(pool), options);
  const sharedMemory = startable(regions, async (call) => {
    if (pool.endpoints().length > 1)
      regions.refuse("there are several servers, and a region is known to one");
    else await regions.start(call);
    if (options.required === true && !regions.active) throw unavailable(pool.endpoint, regions.reason);
  });
  return { pool, transport: new SharedMemoryTransport(pool, regions), sharedMemory };
}

const KEYS = ["minTensorBytes", "maxBytes", "required"];

/** A misspelt option would go unheard. */
function checkedWish(wish: SharedMemoryOptions): SharedMemoryOptions {
  const unknown = Object.keys(fieldsOf("sharedMemory", wish)).find((key) => !KEYS.includes(key));
  if (unknown === undefined) return wish;
  throw new TriptychError("usage", `sharedMemory: unknown key ${shownValue(unknown)}.`, {
    hint: `Known are ${KEYS.join(", ")}.`,
  });
}

/** What a caller sees of the regions, and the start that `connect` makes. */
function startable(regions: SharedMemory, start: StartableSharedMemory["start"]): StartableSharedMemory {
  return {
    get active() {
      return regions.active;
    },
    get reason() {
      return regions.reason;
    },
    get use() {
      return regions.use;
    },
    start,
  };
}

const NONE: StartableSharedMemory = {
  active: false,
  reason: "it was not asked for: connect with { sharedMemory: true }",
  use: { regions: 0, bytes: 0, leased: 0 },
  start: () => Promise.resolve(),
};

function unavailable(endpoint: string, reason: string): TriptychError {
  return new TriptychError("shared-memory-unavailable", `Shared memory with ${endpoint}: ${reason}`, {
    hint: "Leave out required to go on over the connection.",
    details: { endpoint },
  });
}
