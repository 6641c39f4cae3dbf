import { TriptychError } from "../../errors/index.ts";
import type { TensorContract } from "../../model-config/index.ts";
import {
  DATATYPES,
  type Datatype,
  decodeTensor,
  formatShape,
  shapeFits,
  type Tensor,
} from "../../tensor/index.ts";
import type { ModelInferResponse, OutputMessage } from "../protocol/messages.ts";
import { shownName } from "../shown.ts";
import { cleanText } from "../transport/clean-text.ts";
import { type ClassCounts, topClasses } from "./classes.ts";
import { fromContents } from "./contents.ts";
import { factsOf, type TensorFacts } from "./model-facts.ts";
import { dimProblem } from "./named-dims.ts";
import { fromWire } from "./parameters.ts";
import type { Inference, TopClasses } from "./types.ts";
import type { AnyInputs, AnyOutputs, NamedContract } from "./untyped.ts";

/**
 * A response with its tensors decoded.
 *
 * @param classes - Outputs of which only the top classes were asked for.
 * @throws TriptychError `response-invalid` if a tensor is not what the contract or its own description says.
 */
export function readResponse(
  model: NamedContract,
  response: ModelInferResponse,
  classes?: ClassCounts,
): Omit<Inference<AnyOutputs, string>, "timings"> {
  // Servers that leave the name out are taken at their word.
  if (response.model_name !== "" && response.model_name !== model.name)
    throw invalid(model, `the answer is one of "${shownName(response.model_name)}"`);
  const raw = rawOf(model, response);
  const outputs: [string, Tensor][] = [];
  const ranked: [string, TopClasses][] = [];
  for (const [at, output] of response.outputs.entries()) {
    const { name } = output;
    if (classes?.[name] === undefined) outputs.push([name, readOutput(model, output, raw[at])]);
    else ranked.push([name, readClasses(model, output, raw[at])]);
  }
  return {
    outputs: Object.fromEntries(outputs),
    classes: Object.fromEntries(ranked),
    modelVersion: cleanText(response.model_version),
    requestId: response.id,
    parameters: fromWire(response.parameters),
  };
}

/** One piece of data an output; none where the outputs carry their data themselves. */
function rawOf(model: NamedContract, response: ModelInferResponse): readonly Uint8Array[] {
  const { outputs, raw_output_contents: raw } = response;
  const areTyped = raw.length === 0 && outputs.every(({ contents }) => isGiven(contents));
  if (raw.length === outputs.length || areTyped) return raw;
  throw invalid(model, `${outputs.length} outputs but ${raw.length} pieces of data`);
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}

/** Throws `response-invalid` unless all the outputs named are there. */
export function checkComplete(
  model: NamedContract,
  outputs: Readonly<Record<string, unknown>>,
  wanted: readonly string[],
): void {
  const missing = wanted.filter((name) => outputs[name] === undefined);
  if (missing.length > 0) throw invalid(model, `no output ${missing.join(", ")}`);
}

/** Throws `response-invalid` where a named dim is not what it is in the inputs and the other outputs. */
export function checkDims(model: NamedContract, inputs: AnyInputs, outputs: AnyOutputs): void {
  const { contract } = model;
  if (!factsOf(contract).hasNamedDims) return;
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

function readOutput(model: NamedContract, output: OutputMessage, bytes: Uint8Array | undefined): Tensor {
  const { spec, dims } = specOf(model, output);
  const shape = output.shape.map(Number);
  if (!shapeFits(dims, shape)) {
    throw invalid(model, `${spec.name}: expected shape ${formatShape(dims)}, got ${formatShape(shape)}`);
  }
  return decoded(model, spec.name, () => dataOf(spec.datatype, shape, output, bytes));
}

/** A server that says the top classes says them as text, whatever the output is. */
function readClasses(model: NamedContract, output: OutputMessage, bytes: Uint8Array | undefined): TopClasses {
  const { name, datatype } = output;
  const shape = output.shape.map(Number);
  return decoded(model, name, () => {
    if (datatype !== "BYTES") return undefined;
    const tensor = dataOf("BYTES", shape, output, bytes);
    return tensor === undefined ? undefined : topClasses(tensor, model);
  });
}

function dataOf(
  datatype: Datatype,
  shape: readonly number[],
  { contents }: OutputMessage,
  bytes: Uint8Array | undefined,
): Tensor | undefined {
  if (bytes !== undefined) return decodeTensor(datatype, shape, bytes);
  return isGiven(contents) ? fromContents(datatype, shape, contents) : undefined;
}

/** Throws `response-invalid` for what cannot be decoded, and where nothing comes of it. */
function decoded<T>(model: NamedContract, name: string, work: () => T | undefined): T {
  const found = attempt(model, name, work);
  if (found !== undefined) return found;
  throw invalid(model, `${name}: its data is not what it is said to be`);
}

function attempt<T>(model: NamedContract, name: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw invalid(model, `${name}: ${messageOf(cause)}`, cause);
  }
}

/** What the message of a cause is, without the full stop that ours has. */
function messageOf(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, "");
}

function specOf(model: NamedContract, output: OutputMessage): TensorFacts {
  const facts = factsOf(model.contract).outputs.get(output.name);
  if (facts === undefined)
    throw invalid(model, `an output "${shownName(output.name)}" that nobody described`);
  const { spec } = facts;
  if (spec.datatype === output.datatype) return facts;
  const got = DATATYPES.find((datatype) => datatype === output.datatype) ?? "an unknown datatype";
  throw invalid(model, `${spec.name}: expected ${spec.datatype}, got ${got}`);
}

function invalid(model: NamedContract, problem: string, cause?: unknown): TriptychError {
  return new TriptychError(
    "response-invalid",
    cleanText(`${shownName(model.name)} answered wrongly: ${problem}.`),
    {
      hint: "Compare the model's code with its config, and the client's contract with the server.",
      details: { model: shownName(model.name) },
      ...(cause === undefined ? {} : { cause }),
    },
  );
}
