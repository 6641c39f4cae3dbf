import type { Contract } from "../../model-config/index.ts";
import { givenOptions } from "../shown.ts";
import type { Transport } from "../transport/transport.ts";
import { answerStream } from "./answer-stream.ts";
import { inferOnce, openInference } from "./calls.ts";
import { type AnyRequests, streamMany } from "./many.ts";
import { checkedRequests } from "./many-requests.ts";
import type { ManyOptions } from "./many-types.ts";
import type { ModelClients } from "./model-types.ts";
import type { InferOptions } from "./types.ts";
import type { AnyInputs, NamedContract } from "./untyped.ts";

/** The models of a contract by name, each with the one way to call it that Triton offers. */
export function modelClients<C extends Contract>(transport: Transport, contract: C): ModelClients<C> {
  const entries = Object.entries(contract.models).map(([name, model]) => [
    name,
    model.decoupled
      ? streamModel(transport, { name, contract: model })
      : unaryModel(transport, { name, contract: model }),
  ]);
  // The types say of each name what the contract says of it, which is how these were made.
  return Object.freeze(Object.fromEntries(entries)) as ModelClients<C>;
}

function unaryModel(transport: Transport, model: NamedContract): object {
  return {
    infer: (inputs: AnyInputs, options?: InferOptions) => inferOnce(transport, model, inputs, options),
  };
}

function streamModel(transport: Transport, model: NamedContract): object {
  return {
    stream: (inputs: AnyInputs, options?: InferOptions) =>
      answerStream(options?.signal, async function* (signal) {
        yield* openInference(transport, model, inputs, { ...givenOptions(options), signal });
      }),
    streamMany: (requests: AnyRequests, options?: ManyOptions) =>
      answerStream(options?.signal, (signal) =>
        streamMany(transport, model, checkedRequests(requests), { ...givenOptions(options), signal }),
      ),
  };
}
