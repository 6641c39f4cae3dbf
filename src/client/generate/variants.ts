import { TriptychError } from "../../errors/index.ts";
import type { Contract, VariantContract } from "../../model-config/index.ts";
import { inferOnce, openInference } from "../inference/calls.ts";
import type { NamedContract } from "../inference/untyped.ts";
import { type CallOptions, CLIP_DEADLINE_MS } from "../options.ts";
import { givenOptions, shownName } from "../shown.ts";
import type { Transport } from "../transport/transport.ts";
import { readClip } from "./clip.ts";
import { wantedOutputs } from "./outputs.ts";
import { type AnyRequest, prepareRequest } from "./request.ts";
import { createRun, type StartedRun } from "./run.ts";
import type { Clip, VariantClient } from "./types.ts";

/** Outputs that only the last response has. */
const LAST = ["FRAMES", "LATENT"];

/** The variants of a contract by name. */
export type VariantClients<C extends Contract> = {
  readonly [K in keyof C["variants"]]: VariantClient<C["variants"][K]>;
};

/** A client for every variant of a contract. */
export function variantClients<C extends Contract>(transport: Transport, contract: C): VariantClients<C> {
  const entries = Object.entries(contract.variants).map(
    ([name, variant]) => [name, variantClient(transport, contract, variant)] as const,
  );
  // Each was made from the variant whose type it bears.
  return Object.freeze(Object.fromEntries(entries)) as VariantClients<C>;
}

function variantClient(
  transport: Transport,
  contract: Contract,
  variant: VariantContract,
): VariantClient<VariantContract> {
  return {
    generate: (request, options) =>
      createRun(() => startStream(transport, doorOf(contract, variant.stream), variant, request, options)),
    generateUnary: async (request, options) =>
      generateUnary(transport, doorOf(contract, variant.ensemble), variant, request, options),
  };
}

function startStream(
  transport: Transport,
  door: NamedContract,
  variant: VariantContract,
  request: AnyRequest,
  options?: CallOptions,
): StartedRun {
  const { inputs, used } = prepareRequest(variant, request);
  const outputs = wantedOutputs(door, request, true);
  return { answers: openInference(transport, door, inputs, clipOptions(options, outputs), LAST), used };
}

async function generateUnary(
  transport: Transport,
  door: NamedContract,
  variant: VariantContract,
  request: AnyRequest,
  options?: CallOptions,
): Promise<Clip> {
  const { inputs, used } = prepareRequest(variant, request);
  const outputs = wantedOutputs(door, request, false);
  const inference = await inferOnce(transport, door, inputs, clipOptions(options, outputs));
  return readClip(inference.outputs, { used, stages: [], timings: { ...inference.timings, steps: [] } });
}

function clipOptions(given: CallOptions | undefined, outputs: readonly string[]) {
  const options = givenOptions(given) ?? {};
  return { ...options, outputs, deadlineMs: options.deadlineMs ?? CLIP_DEADLINE_MS };
}

function doorOf(contract: Contract, name: string): NamedContract {
  const model = contract.models[name];
  if (model !== undefined) return { name, contract: model };
  throw new TriptychError(
    "contract-mismatch",
    `The contract does not describe "${shownName(name)}", a front door.`,
    {
      details: { model: shownName(name) },
    },
  );
}
