import { TriptychError } from "../../errors/index.ts";
import type { CallOptions } from "../options.ts";
import { cleanText } from "../transport/clean-text.ts";
import type { Transport } from "../transport/transport.ts";

/** A part of a region of shared memory that a server knows by a name of its own. */
export interface SystemRegion {
  readonly name: string;
  /** As `shm_open` takes it: a slash and the name of a file in /dev/shm. */
  readonly key: string;
  /** Where the part begins; a multiple of 4096. 0 where left out. */
  readonly offset?: number | undefined;
  readonly byteSize: number;
}

/** Memory of a GPU that a server knows by a name. */
export interface CudaRegion {
  readonly name: string;
  readonly deviceId: number;
  readonly byteSize: number;
}

/** A region of a GPU with the handle that another process opens it by. */
export interface CudaRegistration extends CudaRegion {
  /** The 64 bytes of a `cudaIpcMemHandle_t`, as they are. */
  readonly rawHandle: Uint8Array;
}

/** Regions that a server knows, by all its clients. */
export interface RegionRegistry<Registration, Region> {
  /** One region, or all. */
  status(name?: string, options?: CallOptions): Promise<readonly Region[]>;
  /**
   * Makes a region known to the server.
   *
   * @throws TriptychError `request-invalid` for a name that is taken, or a region that the server is not allowed;
   * `shared-memory-unavailable` where it cannot open it or clients may share no memory with it.
   */
  register(registration: Registration, options?: CallOptions): Promise<void>;
  /** Makes the server forget a region; one that it does not know is no error. */
  unregister(name: string, options?: CallOptions): Promise<void>;
  /** Makes the server forget all regions, those of other clients too. */
  unregisterAll(options?: CallOptions): Promise<void>;
}

/** Memory of this machine that a server and its clients share. */
export type SystemSharedMemory = RegionRegistry<SystemRegion, Required<SystemRegion>>;

/** Memory of a GPU that a server and its clients share; whoever has it gives its handle. */
export type CudaSharedMemory = RegionRegistry<CudaRegistration, CudaRegion>;

export function systemSharedMemory(transport: Transport): SystemSharedMemory {
  return {
    status: async (name = "", options) => {
      const { regions } = await transport.unary("SystemSharedMemoryStatus", { name }, options);
      return Object.values(regions).map((region) => ({
        name: cleanText(region.name),
        key: cleanText(region.key),
        offset: Number(region.offset),
        byteSize: Number(region.byte_size),
      }));
    },
    register: async ({ name, key, offset = 0, byteSize }, options) => {
      const request = { name: named(name), key, offset: size("offset", offset), byte_size: extent(byteSize) };
      await transport.unary("SystemSharedMemoryRegister", request, options);
    },
    unregister: async (name, options) => {
      await transport.unary("SystemSharedMemoryUnregister", { name: named(name) }, options);
    },
    unregisterAll: async (options) => {
      await transport.unary("SystemSharedMemoryUnregister", { name: "" }, options);
    },
  };
}

export function cudaSharedMemory(transport: Transport): CudaSharedMemory {
  return {
    status: async (name = "", options) => {
      const { regions } = await transport.unary("CudaSharedMemoryStatus", { name }, options);
      return Object.values(regions).map((region) => ({
        name: cleanText(region.name),
        deviceId: Number(region.device_id),
        byteSize: Number(region.byte_size),
      }));
    },
    register: async ({ name, deviceId, byteSize, rawHandle }, options) => {
      const request = {
        name: named(name),
        raw_handle: rawHandle,
        device_id: size("deviceId", deviceId),
        byte_size: extent(byteSize),
      };
      await transport.unary("CudaSharedMemoryRegister", request, options);
    },
    unregister: async (name, options) => {
      await transport.unary("CudaSharedMemoryUnregister", { name: named(name) }, options);
    },
    unregisterAll: async (options) => {
      await transport.unary("CudaSharedMemoryUnregister", { name: "" }, options);
    },
  };
}

/** Without a name the server takes all regions to be meant. */
function named(name: string): string {
  if (name !== "") return name;
  throw refused("name", "a name", "none");
}

function size(field: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw refused(field, "a whole number from 0", String(value));
}

function extent(byteSize: number): number {
  if (byteSize !== 0) return size("byteSize", byteSize);
  throw refused("byteSize", "a whole number from 1", "0");
}

function refused(field: string, expected: string, got: string): TriptychError {
  return new TriptychError("request-invalid", `Shared memory, ${field}: expected ${expected}, got ${got}.`);
}
