import type { Contract } from "../model-config/index.ts";
import { type ServerClient, serverClient } from "./admin/server.ts";
import { type VariantClients, variantClients } from "./generate/variants.ts";
import { modelClients } from "./inference/models.ts";
import type { ModelClients } from "./inference/types.ts";
import type { Transport } from "./transport/transport.ts";

/** What every studio has, whatever its contract. */
export interface StudioBase<C extends Contract> extends AsyncDisposable {
  /** Where the server is. */
  readonly endpoint: string;
  /** Variants by name: the way to those whose names are only known at run time. */
  readonly variants: VariantClients<C>;
  /** Every model of the contract by name, front doors included. */
  readonly models: ModelClients<C>;
  readonly server: ServerClient;
  /** Cancels what runs and closes the connection. May be called again. */
  close(): Promise<void>;
}

/**
 * A connection to a server that serves a pipeline. Each variant stands under its own name, such as
 * `studio.draft`, unless the studio has that name for something else.
 */
export type Studio<C extends Contract> = StudioBase<C> &
  (string extends keyof C["variants"] ? unknown : Omit<VariantClients<C>, keyof StudioBase<C>>);

/** The studio over a transport. */
export function createStudio<C extends Contract>(transport: Transport, contract: C): Studio<C> {
  const variants = variantClients(transport, contract);
  const close = (): Promise<void> => transport.close();
  const base: StudioBase<C> = {
    endpoint: transport.endpoint,
    variants,
    models: modelClients(transport, contract),
    server: serverClient(transport),
    close,
    [Symbol.asyncDispose]: close,
  };
  return { ...variants, ...base };
}
