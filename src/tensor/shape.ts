import { TriptychError } from "../errors/index.ts";

/** A shape as people write it: `[2,512]`, `[-1,16]`, and `[]` for a scalar. */
export function formatShape(shape: readonly number[]): string {
  return `[${shape.join(",")}]`;
}

/**
 * How many elements a tensor of this shape has: 1 for a scalar `[]`, 0 if any size is 0.
 *
 * @param shape - Sizes from the outermost to the innermost.
 * @throws TriptychError `tensor-invalid` if a size is negative, not whole or above 2^53 − 1,
 * or if the product passes 2^53 − 1.
 */
export function elementCount(shape: readonly number[]): number {
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) throw badSize(shape, size);
  }
  // Asked first, so that an empty tensor is empty whatever the order of its sizes.
  if (shape.includes(0)) return 0;
  const count = shape.reduce((product, size) => product * size, 1);
  if (!Number.isSafeInteger(count)) throw tooMany(shape);
  return count;
}

/**
 * True if a tensor of `shape` fits declared `dims`: same rank, and equal sizes where the dim is not −1.
 *
 * @param dims - As declared; −1 is free.
 * @param shape - As sent or received; whether its sizes make sense is for {@link elementCount} to say.
 */
export function shapeFits(dims: readonly number[], shape: readonly number[]): boolean {
  return dims.length === shape.length && dims.every((dim, axis) => dim === -1 || dim === shape[axis]);
}

function badSize(shape: readonly number[], size: number): TriptychError {
  const message = `Shape ${formatShape(shape)} has the size ${size}; expected whole numbers from 0 to 2^53-1.`;
  return new TriptychError("tensor-invalid", message, {
    hint: "Give the actual size of each dimension; -1 stands for a free one in a model's dims only.",
  });
}

function tooMany(shape: readonly number[]): TriptychError {
  const message = `Shape ${formatShape(shape)} has too many elements; expected at most 2^53-1.`;
  return new TriptychError("tensor-invalid", message, {
    hint: "Check the shape for a size in bytes or a product.",
  });
}
