import type { Contract } from "../model-config/index.ts";
import { type ServerClient, serverClient } from "./admin/server.ts";
import { type UntypedModel, untypedModels } from "./contract/untyped-model.ts";
import { type VariantClients, variantClients } from "./generate/variants.ts";
import type { ModelClients } from "./inference/model-types.ts";
import { modelClients } from "./inference/models.ts";
import type { ClientMetrics } from "./observe/metrics.ts";
import type { ObservedTransport } from "./observe/observed.ts";
import type { CallOptions } from "./options.ts";
import type { Connection } from "./shared-memory/open.ts";
import type { SharedMemory } from "./shared-memory/types.ts";
import type { EndpointState } from "./transport/pool/endpoint.ts";

/** What a studio has even without a contract. */
export interface OpenStudio extends AsyncDisposable {
  /** Where the server is; all that were given, with commas between them. */
  readonly endpoint: string;
  /** How each server stands, and how many calls run there. */
  endpoints(): readonly EndpointState[];
  /**
   * Sends a server no more calls, waits for those that run (10 minutes at most, or `deadlineMs`), and leaves it.
   *
   * @throws TriptychError `request-invalid` for one that is not among the endpoints.
   */
  drain(endpoint: string, options?: CallOptions): Promise<void>;
  readonly server: ServerClient;
  /** Whether large tensors go by shared memory, and why not. */
  readonly sharedMemory: SharedMemory;
  /** Any model of the server by its name, without types: what it takes is asked of the server. */
  model(name: string): UntypedModel;
  /** What was counted of all calls since it was connected: by model, outcomes, latencies and bytes. */
  metrics(): ClientMetrics;
  /** Cancels what runs and closes the connection. May be called again. */
  close(): Promise<void>;
}

/** What every studio with a contract has, whatever that is. */
export interface StudioBase<C extends Contract> extends OpenStudio {
  /** Variants by name: the way to those whose names are only known at run time. */
  readonly variants: VariantClients<C>;
  /** Every model of the contract by name, front doors included. */
  readonly models: ModelClients<C>;
}

/**
 * A connection to a server that serves a pipeline. Each variant stands under its own name, such as
 * `studio.draft`; `connect` refuses one whose name the studio has for something else.
 */
export type Studio<C extends Contract> = StudioBase<C> &
  (string extends keyof C["variants"] ? unknown : Omit<VariantClients<C>, keyof StudioBase<C>>);

/** What a studio stands on. */
export interface StudioParts extends Omit<Connection, "transport"> {
  readonly transport: ObservedTransport;
}

/** The studio for servers of which nothing is known. */
export function createOpenStudio({ pool, transport, sharedMemory }: StudioParts): OpenStudio {
  const close = (): Promise<void> => transport.close();
  return {
    endpoint: pool.endpoint,
    endpoints: () => pool.endpoints(),
    drain: (endpoint, options) => pool.drain(endpoint, options),
    server: serverClient(transport),
    sharedMemory,
    model: untypedModels(transport),
    metrics: () => transport.metrics(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The studio for servers of a contract. */
export function createStudio<C extends Contract>(parts: StudioParts, contract: C): Studio<C> {
  const { transport } = parts;
  const variants = variantClients(transport, contract);
  const base: StudioBase<C> = {
    ...createOpenStudio(parts),
    variants,
    models: modelClients(transport, contract),
  };
  return { ...variants, ...base };
}
