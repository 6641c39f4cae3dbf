import { byteSize } from "../../tensor/index.ts";
import type { AnyInputs, NamedContract } from "./untyped.ts";
import { wireDims } from "./wire-dims.ts";

/**
 * Bytes of each output whose size is known before the call: its dims are fixed, or named in the inputs, and so is the
 * size of its elements.
 */
export function knownOutputBytes(
  { contract }: NamedContract,
  inputs: AnyInputs,
  only?: readonly string[],
): ReadonlyMap<string, number> {
  const batch = Object.values(inputs).find((tensor) => tensor !== undefined)?.shape[0] ?? 0;
  const named = namedSizes({ contract }, inputs);
  const sizes = contract.outputs.flatMap(({ name, datatype, dims, dimNames = [] }): [string, number][] => {
    const each = byteSize(datatype);
    if (each === undefined || only?.includes(name) === false) return [];
    const given = dims.map((dim, axis) => (dim === -1 ? (named.get(dimNames[axis] ?? "") ?? -1) : dim));
    const shape = wireDims(given, contract).map((dim, axis) => {
      return axis === 0 && contract.maxBatchSize > 0 ? batch : dim;
    });
    return shape.includes(-1) ? [] : [[name, shape.reduce((product, size) => product * size, each)]];
  });
  return new Map(sizes);
}

/** Sizes of the inputs' named dims; the caller has checked that those of one name are equal. */
function namedSizes({ contract }: Pick<NamedContract, "contract">, inputs: AnyInputs): Map<string, number> {
  const first = contract.maxBatchSize > 0 ? 1 : 0;
  const sizes = new Map<string, number>();
  for (const { name, dimNames = [] } of contract.inputs) {
    for (const [axis, dim] of dimNames.entries()) {
      const size = inputs[name]?.shape[axis + first];
      if (dim !== "" && size !== undefined) sizes.set(dim, size);
    }
  }
  return sizes;
}
