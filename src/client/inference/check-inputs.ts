import { TriptychError } from "../../errors/index.ts";
import type { ModelContract } from "../../model-config/index.ts";
import { formatShape, shapeFits, type Tensor, type TensorSpec } from "../../tensor/index.ts";
import { fieldsOf, shownName, shownValue } from "../shown.ts";
import { cleanText } from "../transport/clean-text.ts";
import { factsOf } from "./model-facts.ts";
import { dimProblem } from "./named-dims.ts";
import type { AnyInputs, NamedContract } from "./untyped.ts";

/**
 * The inputs in the contract's order, if they are those it wants.
 *
 * @throws TriptychError `request-invalid` that names the first input that is not.
 */
export function checkInputs({ name, contract }: NamedContract, inputs: AnyInputs): [string, Tensor][] {
  fieldsOf(`${shownName(name)}, inputs`, inputs);
  const facts = factsOf(contract);
  const known = facts.inputs;
  const stray = Object.keys(inputs).find((key) => !known.has(key));
  if (stray !== undefined)
    throw refused(name, stray, `no such input; there are ${[...known.keys()].join(", ")}`);
  const given: [string, Tensor][] = [];
  for (const [input, { spec, dims }] of known) {
    const tensor = inputs[input];
    const problem = problemOf(spec, dims, tensor, contract);
    if (problem !== undefined) throw refused(name, input, problem);
    if (tensor !== undefined) given.push([input, tensor]);
  }
  if (contract.maxBatchSize > 0) checkOneBatch(name, given);
  if (!facts.hasNamedDims) return given;
  const problem = dimProblem(contract, contract.inputs, new Map(given));
  if (problem !== undefined) throw refused(name, problem.tensor, problem.text);
  return given;
}

function problemOf(
  spec: TensorSpec,
  dims: readonly number[],
  tensor: Tensor | undefined,
  contract: ModelContract,
): string | undefined {
  if (tensor === undefined) return spec.optional === true ? undefined : "this input is required";
  if (!isTensor(tensor)) return `expected a tensor, as tensor(…) makes it, got ${shownValue(tensor)}`;
  if (tensor.datatype !== spec.datatype) return `expected ${spec.datatype}, got ${tensor.datatype}`;
  if (!shapeFits(dims, tensor.shape)) {
    return `expected shape ${formatShape(dims)}, got ${formatShape(tensor.shape)}`;
  }
  const batch = tensor.shape[0] ?? 0;
  if (contract.maxBatchSize === 0 || (batch >= 1 && batch <= contract.maxBatchSize)) return undefined;
  return `expected a batch of 1 to ${contract.maxBatchSize}, got ${batch}`;
}

/** The type says so already; this is for callers without types. */
function isTensor(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { shape, data } = value as Partial<Tensor>;
  return Array.isArray(shape) && typeof data === "object";
}

function checkOneBatch(model: string, given: readonly [string, Tensor][]): void {
  const size = given[0]?.[1].shape[0];
  const other = given.find(([, tensor]) => tensor.shape[0] !== size);
  if (other === undefined) return;
  throw refused(model, other[0], `expected the batch of the other inputs, ${size ?? 0}`);
}

function refused(model: string, input: string, problem: string): TriptychError {
  // A contract may be the server's own words.
  return new TriptychError(
    "request-invalid",
    cleanText(`${shownName(model)}, input ${shownName(input)}: ${problem}.`),
    {
      details: { model: shownName(model) },
    },
  );
}
