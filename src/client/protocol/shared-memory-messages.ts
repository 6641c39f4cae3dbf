/** The wire messages about memory that a server and its clients share. They never leave `client/`. */

type Empty = Readonly<Record<string, never>>;

/** One region, by the name it was registered by. */
interface NamedRegion {
  readonly name: string;
}

/** A region of system shared memory on the wire. */
interface SystemRegionMessage extends NamedRegion {
  readonly key: string;
  readonly offset: string | number;
  readonly byte_size: string | number;
}

/** A region of CUDA shared memory on the wire. */
interface CudaRegionMessage extends NamedRegion {
  readonly device_id: string | number;
  readonly byte_size: string | number;
}

/** Request and response of a call. */
interface Call<Request, Response> {
  readonly request: Request;
  readonly response: Response;
}

/** Regions by the names they were registered by. */
interface Regions<Region> {
  readonly regions: Readonly<Record<string, Region>>;
}

/** Request and response of every call about shared memory. */
export interface SharedMemoryRpcs {
  readonly SystemSharedMemoryStatus: Call<NamedRegion, Regions<SystemRegionMessage>>;
  readonly SystemSharedMemoryRegister: Call<SystemRegionMessage, Empty>;
  readonly SystemSharedMemoryUnregister: Call<NamedRegion, Empty>;
  readonly CudaSharedMemoryStatus: Call<NamedRegion, Regions<CudaRegionMessage>>;
  readonly CudaSharedMemoryRegister: Call<CudaRegionMessage & { readonly raw_handle: Uint8Array }, Empty>;
  readonly CudaSharedMemoryUnregister: Call<NamedRegion, Empty>;
}
