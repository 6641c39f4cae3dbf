import { isFinal, type ResponseStream } from "../transport/stream-call.ts";
import type { Transport } from "../transport/transport.ts";
import { knownOutputBytes } from "./output-bytes.ts";
import { inferRequest, requestedOutputs, streamRequest } from "./request.ts";
import { checkComplete, checkDims, readResponse } from "./response.ts";
import type { Inference, InferOptions, PartialInference } from "./types.ts";
import type { AnyInputs, AnyOutputs, NamedContract } from "./untyped.ts";

/** Calls a model once, without types: what the typed doors stand on. */
export async function inferOnce(
  transport: Transport,
  model: NamedContract,
  inputs: AnyInputs,
  options: InferOptions = {},
): Promise<Inference<AnyOutputs, string>> {
  const request = inferRequest(model, inputs, options);
  const { classes } = options;
  const outputBytes = () => knownOutputBytes(model, inputs);
  const response = await transport.unary("ModelInfer", request, {
    ...options,
    model: model.name,
    outputBytes,
  });
  const inference = readResponse(model, response, classes);
  checkComplete(model, { ...inference.outputs, ...inference.classes }, requestedOutputs(model, options));
  checkDims(model, inputs, inference.outputs);
  return inference;
}

/** Sends a request on a stream, which must be read or stopped; `once` are outputs of one response at most. */
export function openInference(
  transport: Transport,
  model: NamedContract,
  inputs: AnyInputs,
  options: InferOptions = {},
  once: readonly string[] = [],
): ResponseStream {
  const outputBytes = () => knownOutputBytes(model, inputs, once);
  const call = { ...options, model: model.name, outputBytes };
  return transport.stream(streamRequest(model, inputs, options), call);
}

/** The answers on a stream, decoded as they come; `inputs` are what their named dims are held to. */
export async function* readInferences(
  model: NamedContract,
  responses: ResponseStream,
  inputs: AnyInputs = {},
  classes?: InferOptions["classes"],
): AsyncGenerator<PartialInference<AnyOutputs, string>, void, undefined> {
  for await (const response of responses) {
    const inference = readResponse(model, response, classes);
    checkDims(model, inputs, inference.outputs);
    yield { ...inference, final: isFinal(response) };
  }
}
