import type { ModelContract, TensorContract } from "../../model-config/index.ts";
import type { Tensor } from "../../tensor/index.ts";

/** Two dims of one name that differ in size. */
export interface DimProblem {
  /** The tensor that came second. */
  readonly tensor: string;
  readonly text: string;
}

/** The first dim whose size is not that of the dims with its name before it. */
export function dimProblem(
  { maxBatchSize }: ModelContract,
  specs: readonly TensorContract[],
  tensors: ReadonlyMap<string, Tensor>,
): DimProblem | undefined {
  const sizes = new Map<string, { readonly size: number; readonly tensor: string }>();
  const batch = maxBatchSize > 0 ? 1 : 0;
  for (const { name: tensor, dimNames = [] } of specs) {
    const shape = tensors.get(tensor)?.shape;
    if (shape === undefined) continue;
    for (const [axis, dim] of dimNames.entries()) {
      const size = shape[axis + batch];
      if (dim === "" || size === undefined) continue;
      const first = sizes.get(dim);
      if (first === undefined) sizes.set(dim, { size, tensor });
      else if (first.size !== size) {
        return { tensor, text: `dim ${dim} is ${size}, but ${first.size} in ${first.tensor}` };
      }
    }
  }
  return undefined;
}
