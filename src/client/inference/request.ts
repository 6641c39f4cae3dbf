import { TriptychError } from "../../errors/index.ts";
import { encodeTensor } from "../../tensor/index.ts";
import { namedModel } from "../admin/describe.ts";
import type { ModelInferRequest } from "../protocol/messages.ts";
import { shownName, shownValue, wholeText } from "../shown.ts";
import { cleanText } from "../transport/clean-text.ts";
import { checkInputs } from "./check-inputs.ts";
import { checkClasses } from "./classes.ts";
import { controlParameters } from "./control.ts";
import { factsOf } from "./model-facts.ts";
import { toWire } from "./parameters.ts";
import type { InferOptions } from "./types.ts";
import type { AnyInputs, NamedContract } from "./untyped.ts";

/**
 * The request for one call of a model.
 *
 * @throws TriptychError `request-invalid` if the contract does not allow it.
 */
export function inferRequest(
  model: NamedContract,
  inputs: AnyInputs,
  options: InferOptions,
): ModelInferRequest {
  const tensors = checkInputs(model, inputs);
  const { name: model_name, version: model_version } = namedModel(model.name, options.version);
  return {
    model_name,
    model_version,
    id: options.requestId === undefined ? "" : wholeText("requestId", options.requestId),
    parameters: parametersOf(options),
    inputs: tensors.map(([name, { datatype, shape }]) => ({ name, datatype, shape })),
    outputs: outputsOf(model, options),
    raw_input_contents: tensors.map(([, tensor]) => encodeTensor(tensor)),
  };
}

function parametersOf(options: InferOptions): ModelInferRequest["parameters"] {
  const control = controlParameters(options);
  return options.parameters === undefined ? control : { ...toWire(options.parameters), ...control };
}

function outputsOf(model: NamedContract, options: InferOptions): ModelInferRequest["outputs"] {
  const names = requestedOutputs(model, options);
  const { classes } = options;
  if (classes === undefined) return names.map((name) => ({ name }));
  checkClasses(model, classes, names);
  return names.map((name) => {
    const count = classes[name];
    return count === undefined ? { name } : { name, parameters: { classification: { int64_param: count } } };
  });
}

/** The same for a stream: the server is to mark the end even if the last response carries nothing. */
export function streamRequest(
  model: NamedContract,
  inputs: AnyInputs,
  options: InferOptions,
): ModelInferRequest {
  const request = inferRequest(model, inputs, options);
  const marked = { ...request.parameters, triton_enable_empty_final_response: { bool_param: true } };
  return { ...request, parameters: marked };
}

/** Names of the outputs of a call, always written out so that nothing else is computed or sent. */
export function requestedOutputs(model: NamedContract, options: InferOptions): readonly string[] {
  const known = factsOf(model.contract).outputNames;
  const wanted = options.outputs ?? known;
  if (wanted === known) return known;
  if (!isListOfNames(wanted))
    throw wrongOutputs(model, known, `expected a list of names, got ${shownValue(wanted)}`);
  const wrong = wanted.find((name, at) => !known.includes(name) || wanted.indexOf(name) !== at);
  if (wanted.length > 0 && wrong === undefined) return wanted;
  const problem =
    wrong === undefined ? "none was asked for" : `"${shownName(wrong)}" is unknown or named twice`;
  throw wrongOutputs(model, known, problem);
}

function isListOfNames(value: unknown): boolean {
  return Array.isArray(value) && value.every((name) => typeof name === "string");
}

function wrongOutputs({ name }: NamedContract, known: readonly string[], problem: string): TriptychError {
  const model = shownName(name);
  return new TriptychError("request-invalid", `${model}, outputs: ${problem}.`, {
    hint: cleanText(`The outputs are ${known.join(", ")}.`),
    details: { model },
  });
}
