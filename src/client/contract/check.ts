import { setMaxListeners } from "node:events";
import { TriptychError } from "../../errors/index.ts";
import type { Contract, ModelContract } from "../../model-config/index.ts";
import type { CallOptions } from "../options.ts";
import { shownName } from "../shown.ts";
import type { EndpointView } from "../transport/pool/probe.ts";
import { type ContractDifference, compareModel } from "./compare.ts";
import { type LiveModel, liveModel } from "./live.ts";
import { restingModels } from "./resting.ts";

/**
 * Compares every model of a contract with what the server says of it.
 *
 * @throws TriptychError `contract-mismatch` with one finding a difference.
 */
export async function checkContract(
  transport: EndpointView,
  contract: Contract,
  options: CallOptions,
): Promise<void> {
  const models = Object.entries(contract.models);
  const all = { ...options, signal: sharedSignal(options.signal) };
  const live = await Promise.all(models.map(([name]) => liveModel(transport, name, all)));
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
  live: LiveModel | undefined,
  resting: ReadonlySet<string>,
): ContractDifference[] {
  if (live !== undefined) return compareModel(name, model, live);
  if (resting.has(name)) return [];
  const message = `The server has no model "${shownName(name)}" loaded.`;
  return [
    { rule: "missing-model", message, path: `models.${shownName(name)}`, expected: "a model", got: "none" },
  ];
}

/** A variant whose front doors the contract itself does not describe. */
function missingDoors(contract: Contract): ContractDifference[] {
  return Object.entries(contract.variants).flatMap(([variant, { ensemble, stream }]) =>
    Object.entries({ ensemble, stream })
      .filter(([, model]) => contract.models[model] === undefined)
      .map(([door, model]) => ({
        rule: "missing-door",
        message: `The contract does not describe "${shownName(model)}", the ${door} door of "${shownName(variant)}".`,
        path: `variants.${shownName(variant)}.${door}`,
        expected: "a model of the contract",
        got: "none",
      })),
  );
}

function mismatch(
  endpoint: string,
  contract: Contract,
  findings: readonly ContractDifference[],
): TriptychError {
  const lines = findings.map(({ message }) => `  ${message}`).join("\n");
  const count = findings.length === 1 ? "one difference" : `${findings.length} differences`;
  const message = `${endpoint} does not serve what "${shownName(contract.pipeline)}" describes; ${count}:\n${lines}`;
  return new TriptychError("contract-mismatch", message, {
    hint: "Render the client's contract anew from the spec that the server's repository was made from.",
    details: { endpoint, findings },
  });
}
