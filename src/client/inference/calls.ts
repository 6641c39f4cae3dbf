import { CallClock } from "../observe/clock.ts";
import type { ModelInferResponse } from "../protocol/messages.ts";
import { givenOptions, shownName } from "../shown.ts";
import type { Lane } from "../transport/lane.ts";
import { isFinal, type ResponseStream } from "../transport/responses.ts";
import type { Transport } from "../transport/transport.ts";
import { knownOutputBytes } from "./output-bytes.ts";
import { inferRequest, requestedOutputs, streamRequest } from "./request.ts";
import { checkComplete, checkDims, readResponse } from "./response.ts";
import type { Inference, InferOptions, PartialInference } from "./types.ts";
import type { AnyInputs, AnyOutputs, NamedContract } from "./untyped.ts";

/** The answers to a request on a stream, decoded as they come. */
export interface InferenceStream extends AsyncIterable<PartialInference<AnyOutputs, string>> {
  stop: ResponseStream["stop"];
}

/** Calls a model once, without types: what the typed doors stand on. */
export async function inferOnce(
  transport: Transport,
  model: NamedContract,
  inputs: AnyInputs,
  given?: InferOptions,
): Promise<Inference<AnyOutputs, string>> {
  const watch = new CallClock();
  const options = givenOptions(given) ?? {};
  const wanted = requestedOutputs(model, options);
  const { classes } = options;
  const request = inferRequest(model, inputs, options);
  const outputBytes = () => knownOutputBytes(model, inputs);
  const { accept, read } = reader((response): Inference<AnyOutputs, string> => {
    const answer = readResponse(model, response, classes);
    checkComplete(model, { ...answer.outputs, ...answer.classes }, wanted);
    checkDims(model, inputs, answer.outputs);
    return { ...answer, timings: watch.finish() };
  });
  const call = { ...options, model: shownName(model.name), outputBytes, watch, accept };
  return read(await transport.unary("ModelInfer", request, call));
}

/** What a stream takes: with a lane, it shares a gRPC stream with others. */
type StreamOptions = InferOptions & { readonly lane?: Lane };

/** Sends a request on a stream, which must be read or stopped; `once` are outputs of one response at most. */
export function openInference(
  transport: Transport,
  model: NamedContract,
  inputs: AnyInputs,
  given?: StreamOptions,
  once: readonly string[] = [],
): InferenceStream {
  const watch = new CallClock();
  const options = givenOptions(given) ?? {};
  const request = streamRequest(model, inputs, options);
  const outputBytes = () => knownOutputBytes(model, inputs, once);
  const { accept, read } = reader((response): PartialInference<AnyOutputs, string> => {
    const { value, timings } = watch.take(() => {
      const answer = readResponse(model, response, options.classes);
      checkDims(model, inputs, answer.outputs);
      return answer;
    });
    return { ...value, final: isFinal(response), timings };
  });
  const responses = transport.stream(request, {
    ...options,
    model: shownName(model.name),
    outputBytes,
    watch,
    accept,
  });
  return {
    stop: (reason) => {
      responses.stop(reason);
    },
    async *[Symbol.asyncIterator]() {
      for await (const response of responses) yield read(response);
    },
  };
}

/**
 * Reads each answer once: as a part of its call where the transport accepts answers, so that one that cannot be read
 * is a call that failed.
 */
function reader<T>(decode: (response: ModelInferResponse) => T): {
  readonly accept: (response: ModelInferResponse) => void;
  readonly read: (response: ModelInferResponse) => T;
} {
  // Hardly ever more than one: whoever accepts an answer hands it on at once.
  const accepted: { readonly response: ModelInferResponse; readonly value: T }[] = [];
  return {
    accept: (response) => {
      accepted.push({ response, value: decode(response) });
    },
    read: (response) => {
      const at = accepted.findIndex((one) => one.response === response);
      const [found] = at === -1 ? [] : accepted.splice(at, 1);
      return found === undefined ? decode(response) : found.value;
    },
  };
}
