import type { ModelContract, TensorContract } from "../../model-config/index.ts";
import { wireDims } from "./wire-dims.ts";

/** A tensor as a contract has it, with its dims as they are sent. */
export interface TensorFacts {
  readonly spec: TensorContract;
  readonly dims: readonly number[];
}

/** What follows from a contract and is needed for every call. */
export interface ModelFacts {
  readonly inputs: ReadonlyMap<string, TensorFacts>;
  readonly outputs: ReadonlyMap<string, TensorFacts>;
  readonly outputNames: readonly string[];
  /** True where a dim has a name, so that sizes must agree. */
  readonly hasNamedDims: boolean;
}

const known = new WeakMap<ModelContract, ModelFacts>();

/** The facts of a contract, found out at the first call. */
export function factsOf(contract: ModelContract): ModelFacts {
  const facts = known.get(contract) ?? find(contract);
  known.set(contract, facts);
  return facts;
}

function find(contract: ModelContract): ModelFacts {
  const byName = (specs: readonly TensorContract[]): ReadonlyMap<string, TensorFacts> =>
    new Map(specs.map((spec) => [spec.name, { spec, dims: wireDims(spec.dims, contract) }]));
  const all = [...contract.inputs, ...contract.outputs];
  return {
    inputs: byName(contract.inputs),
    outputs: byName(contract.outputs),
    outputNames: contract.outputs.map(({ name }) => name),
    hasNamedDims: all.some(({ dimNames = [] }) => dimNames.some((name) => name !== "")),
  };
}
