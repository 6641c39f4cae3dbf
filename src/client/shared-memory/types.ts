import type { CallOptions } from "../options.ts";

/** How a client uses shared memory. */
export interface SharedMemoryOptions {
  /** Tensors of at least this many bytes go by shared memory; 1 MiB by default. */
  readonly minTensorBytes?: number | undefined;
  /** Most bytes of regions to hold at a time; 1 GiB by default. What does not fit goes over the connection. */
  readonly maxBytes?: number | undefined;
  /** True to refuse to connect where shared memory cannot be had, rather than go on without. */
  readonly required?: boolean | undefined;
}

/** What a client's shared memory holds at the moment. */
export interface SharedMemoryUse {
  /** Regions there are: those of running calls and leases, those that wait for the next, those to be given back. */
  readonly regions: number;
  readonly bytes: number;
  /** Regions of running calls and leases. */
  readonly leased: number;
}

/** Shared memory of one client with the server on the same machine. */
export interface SharedMemory {
  /** True if large tensors go by shared memory. */
  readonly active: boolean;
  /** Why it is not active; empty where it is. */
  readonly reason: string;
  readonly use: SharedMemoryUse;
}

/** A part of memory that one call has to itself. */
export interface RegionLease {
  readonly name: string;
  readonly byteSize: number;
  write(bytes: Uint8Array, offset: number): Promise<void>;
  read(target: Uint8Array, offset: number): Promise<void>;
  /** Gives the region to the next call. Only when the server is done with it. */
  release(): void;
  /** Gives the region back to the machine as soon as the server is done with it: nobody knows when that is. */
  retire(): void;
}

/** Where leases come from. */
export interface RegionSource extends SharedMemory {
  readonly minTensorBytes: number;
  /** Undefined where there is no room, or no shared memory any more. */
  lease(byteSize: number, call: CallOptions): Promise<RegionLease | undefined>;
  /** The server does not know a region that it should: what was registered is gone. */
  forget(): void;
  /** Gives everything back. Calls must have ended before. */
  close(): Promise<void>;
}
