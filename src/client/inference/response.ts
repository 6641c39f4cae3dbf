import { TriptychError } from "../../errors/index.ts";
import type { TensorContract } from "../../model-config/index.ts";
import {
  DATATYPES,
  decodeTensor,
  formatShape,
  shapeFits,
  type Tensor,
  type TensorSpec,
} from "../../tensor/index.ts";
import type { ModelInferResponse, TensorMessage } from "../protocol/messages.ts";
import { cleanText } from "../transport/clean-text.ts";
import { wireDims } from "./check-inputs.ts";
import { dimProblem } from "./named-dims.ts";
import { fromWire } from "./parameters.ts";
import type { Inference } from "./types.ts";
import type { AnyInputs, AnyOutputs, NamedContract } from "./untyped.ts";

/**
 * A response with its tensors decoded.
 *
 * @throws TriptychError `response-invalid` if a tensor is not what the contract or its own description says.
 */
export function readResponse(
  model: NamedContract,
  response: ModelInferResponse,
): Omit<Inference<AnyOutputs>, "timings"> {
  const { outputs, raw_output_contents: raw } = response;
  if (raw.length !== outputs.length) {
    throw invalid(model, `${outputs.length} outputs but ${raw.length} pieces of data`);
  }
  const tensors = outputs.map((output, at) => [output.name, readOutput(model, output, raw[at])] as const);
  return {
    outputs: Object.fromEntries(tensors),
    modelVersion: cleanText(response.model_version),
    requestId: response.id,
    parameters: fromWire(response.parameters),
  };
}

/** Throws `response-invalid` unless all the outputs named are there. */
export function checkComplete(model: NamedContract, outputs: AnyOutputs, wanted: readonly string[]): void {
  const missing = wanted.filter((name) => outputs[name] === undefined);
  if (missing.length > 0) throw invalid(model, `no output ${missing.join(", ")}`);
}

/** Throws `response-invalid` where a named dim is not what it is in the inputs and the other outputs. */
export function checkDims(model: NamedContract, inputs: AnyInputs, outputs: AnyOutputs): void {
  const { contract } = model;
  // Both sides may have a tensor of one name.
  const side = (from: AnyInputs, specs: readonly TensorContract[], prefix: string) => ({
    specs: specs.map((spec) => ({ ...spec, name: `${prefix} ${spec.name}` })),
    tensors: Object.entries(from).flatMap(([name, tensor]): [string, Tensor][] =>
      tensor === undefined ? [] : [[`${prefix} ${name}`, tensor]],
    ),
  });
  const sides = [side(inputs, contract.inputs, "input"), side(outputs, contract.outputs, "output")];
  const specs = sides.flatMap((one) => one.specs);
  const problem = dimProblem(contract, specs, new Map(sides.flatMap(({ tensors }) => tensors)));
  if (problem !== undefined) throw invalid(model, `${problem.tensor}: ${problem.text}`);
}

function readOutput(
  model: NamedContract,
  output: TensorMessage,
  bytes: Uint8Array = new Uint8Array(0),
): Tensor {
  const spec = specOf(model, output);
  const shape = output.shape.map(Number);
  const dims = wireDims(spec.dims, model.contract);
  if (!shapeFits(dims, shape)) {
    throw invalid(model, `${spec.name}: expected shape ${formatShape(dims)}, got ${formatShape(shape)}`);
  }
  try {
    return decodeTensor(spec.datatype, shape, bytes);
  } catch (cause) {
    throw invalid(model, `${spec.name}: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

function specOf(model: NamedContract, output: TensorMessage): TensorSpec {
  const spec = model.contract.outputs.find(({ name }) => name === output.name);
  if (spec === undefined) throw invalid(model, `an output "${cleanText(output.name)}" that nobody described`);
  if (spec.datatype === output.datatype) return spec;
  const got = DATATYPES.find((datatype) => datatype === output.datatype) ?? "an unknown datatype";
  throw invalid(model, `${spec.name}: expected ${spec.datatype}, got ${got}`);
}

function invalid(model: NamedContract, problem: string, cause?: unknown): TriptychError {
  return new TriptychError("response-invalid", cleanText(`${model.name} answered wrongly: ${problem}.`), {
    hint: "Compare the model's code with its config, and the client's contract with the server.",
    details: { model: model.name },
    ...(cause === undefined ? {} : { cause }),
  });
}
