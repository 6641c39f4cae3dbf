import { setMaxListeners } from "node:events";
import { type Finding, isTriptychError, TriptychError } from "../../errors/index.ts";
import type { Contract, ModelContract } from "../../model-config/index.ts";
import type { CallOptions } from "../options.ts";
import type { ModelMetadataResponse } from "../protocol/messages.ts";
import type { Transport } from "../transport/transport.ts";
import { compareModel } from "./compare.ts";
import { restingModels } from "./resting.ts";

/**
 * Compares every model of a contract with what the server says of it.
 *
 * @throws TriptychError `contract-mismatch` with one finding a difference.
 */
export async function checkContract(
  transport: Transport,
  contract: Contract,
  options: CallOptions,
): Promise<void> {
  const models = Object.entries(contract.models);
  const all = { ...options, signal: sharedSignal(options.signal) };
  const live = await Promise.all(models.map(([name]) => metadataOf(transport, name, all)));
  const resting = live.includes(undefined) ? await restingModels(transport, options) : new Set<string>();
  for (const { ensemble, stream } of Object.values(contract.variants)) {
    resting.delete(ensemble); // a front door has to be open
    resting.delete(stream);
  }
  const findings = [
    ...missingDoors(contract),
    ...models.flatMap(([name, model], at) => modelFindings(name, model, live[at], resting)),
  ];
  if (findings.length > 0) throw mismatch(transport.endpoint, contract, findings);
}

/** One signal that many calls may listen to at once, of which the caller's own notices a single listener. */
function sharedSignal(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal === undefined) return undefined;
  const shared = AbortSignal.any([signal]);
  setMaxListeners(0, shared);
  return shared;
}

function modelFindings(
  name: string,
  model: ModelContract,
  live: ModelMetadataResponse | undefined,
  resting: ReadonlySet<string>,
): Finding[] {
  if (live !== undefined) return compareModel(name, model, live);
  if (resting.has(name)) return [];
  const message = `The server has no model "${name}" loaded.`;
  return [{ rule: "missing-model", message, path: `models.${name}` }];
}

/** Undefined where the server has no such model loaded. */
async function metadataOf(
  transport: Transport,
  name: string,
  options: CallOptions,
): Promise<ModelMetadataResponse | undefined> {
  try {
    return await transport.unary("ModelMetadata", { name }, { ...options, model: name });
  } catch (reason) {
    if (isTriptychError(reason, "model-not-found")) return undefined;
    throw reason;
  }
}

/** A variant whose front doors the contract itself does not describe. */
function missingDoors(contract: Contract): Finding[] {
  return Object.entries(contract.variants).flatMap(([variant, { ensemble, stream }]) =>
    Object.entries({ ensemble, stream })
      .filter(([, model]) => contract.models[model] === undefined)
      .map(([door, model]) => ({
        rule: "missing-door",
        message: `The contract does not describe "${model}", the ${door} door of "${variant}".`,
        path: `variants.${variant}.${door}`,
      })),
  );
}

function mismatch(endpoint: string, contract: Contract, findings: readonly Finding[]): TriptychError {
  const lines = findings.map(({ message }) => `  ${message}`).join("\n");
  const count = findings.length === 1 ? "one difference" : `${findings.length} differences`;
  const message = `${endpoint} does not serve what "${contract.pipeline}" describes; ${count}:\n${lines}`;
  return new TriptychError("contract-mismatch", message, {
    hint: "Render the client's contract anew from the spec that the server's repository was made from.",
    details: { endpoint, findings },
  });
}
