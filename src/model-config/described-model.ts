import { TriptychError } from "../errors/index.ts";
import { fromConfigType, type TensorSpec } from "../tensor/index.ts";
import type { ModelContract } from "./contract.ts";

/** A tensor as a server or a configuration describes it. */
interface DescribedTensor {
  readonly name?: string;
  readonly data_type?: string | number;
  readonly dims?: readonly (bigint | number | string)[];
  readonly optional?: boolean;
}

/** The part of Triton's `ModelConfig` that a client must know, whichever way it came. */
export interface DescribedModel {
  readonly max_batch_size?: number;
  readonly input?: readonly DescribedTensor[];
  readonly output?: readonly DescribedTensor[];
  readonly model_transaction_policy?: { readonly decoupled?: boolean } | null;
}

/**
 * The contract that Triton's own description of a model amounts to.
 *
 * @throws TriptychError `model-config-syntax` for a datatype that no tensor has, and for a dim beyond 2^53 − 1.
 */
export function modelContractOf(model: DescribedModel): ModelContract {
  return {
    inputs: (model.input ?? []).map(specOf),
    outputs: (model.output ?? []).map(specOf),
    decoupled: model.model_transaction_policy?.decoupled ?? false,
    maxBatchSize: model.max_batch_size ?? 0,
  };
}

function specOf({
  name = "",
  data_type: type = "TYPE_INVALID",
  dims = [],
  optional,
}: DescribedTensor): TensorSpec {
  return {
    name,
    datatype: fromConfigType(String(type)),
    dims: dims.map((dim) => sizeOf(name, dim)),
    ...(optional === true ? { optional } : {}),
  };
}

function sizeOf(name: string, dim: bigint | number | string): number {
  const size = Number(dim);
  if (Number.isSafeInteger(size)) return size;
  throw new TriptychError(
    "model-config-syntax",
    `${JSON.stringify(name)} has a dim of ${dim}; expected at most 2^53-1, the largest that a contract holds exactly.`,
    { hint: "Triton may take such a dim; correct it, or write -1 for one that is free." },
  );
}
