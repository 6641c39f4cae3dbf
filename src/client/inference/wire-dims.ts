import type { ModelContract } from "../../model-config/index.ts";

/** Dims of a tensor as it is sent: with the batch dim where the model has one. */
export function wireDims(dims: readonly number[], contract: ModelContract): readonly number[] {
  return contract.maxBatchSize > 0 ? [-1, ...dims] : dims;
}
