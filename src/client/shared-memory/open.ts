import { TriptychError } from "../../errors/index.ts";
import type { CallOptions } from "../options.ts";
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

/** What a connection becomes with the shared memory that was asked for; itself where none was. */
export function withSharedMemory(
  connection: Transport,
  wish: boolean | SharedMemoryOptions | undefined,
): { readonly transport: Transport; readonly sharedMemory: StartableSharedMemory } {
  if (wish === undefined || wish === false) return { transport: connection, sharedMemory: NONE };
  const options = wish === true ? {} : wish;
  const pool = new RegionPool(systemSharedMemory(connection), options);
  return {
    transport: new SharedMemoryTransport(connection, pool),
    sharedMemory: {
      get active() {
        return pool.active;
      },
      get reason() {
        return pool.reason;
      },
      get use() {
        return pool.use;
      },
      start: async (call) => {
        await pool.start(call);
        if (options.required === true && !pool.active) throw unavailable(connection.endpoint, pool.reason);
      },
    },
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
