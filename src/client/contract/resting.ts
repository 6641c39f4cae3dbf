import { isTriptychError } from "../../errors/index.ts";
import type { CallOptions } from "../options.ts";
import type { ModelIndexMessage } from "../protocol/messages.ts";
import type { EndpointView } from "../transport/pool/probe.ts";

/**
 * Models that are in the server's repository and were put aside on purpose: unloaded, or never
 * loaded under explicit model control. Two experts that take turns on one GPU rest like this, and
 * the server describes only loaded models. One that failed to load is not among them.
 */
export async function restingModels(transport: EndpointView, options: CallOptions): Promise<Set<string>> {
  const models = await indexOf(transport, options);
  const resting = models.filter(({ state, reason }) => state === "" || reason === "unloaded");
  return new Set(resting.map(({ name }) => name));
}

/** Empty where the server keeps its index to itself. */
async function indexOf(transport: EndpointView, options: CallOptions): Promise<readonly ModelIndexMessage[]> {
  try {
    return (await transport.unary("RepositoryIndex", {}, options)).models;
  } catch (reason) {
    if (isTriptychError(reason, "request-invalid") || isTriptychError(reason, "access-denied")) return [];
    throw reason;
  }
}
