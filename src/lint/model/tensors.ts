import type { ModelConfigMessage } from "../../model-config/index.ts";

type Io = NonNullable<ModelConfigMessage["input"]>[number] &
  NonNullable<ModelConfigMessage["output"]>[number];

/** An input or output, and where it stands. */
export interface TensorPlace {
  readonly at: string;
  readonly role: "input" | "output";
  readonly tensor: Partial<Io>;
}

/** Inputs, then outputs, in the order of the text. */
export function tensorsOf({ input = [], output = [] }: ModelConfigMessage): TensorPlace[] {
  return [
    ...input.map((tensor, index) => ({ at: `input[${index}]`, role: "input" as const, tensor })),
    ...output.map((tensor, index) => ({ at: `output[${index}]`, role: "output" as const, tensor })),
  ];
}

/** How many elements, as Triton counts: -1 where a dim is free, 0 where there are no dims. */
export function countOf(dims: readonly bigint[]): bigint {
  if (dims.includes(-1n)) return -1n;
  return dims.length === 0 ? 0n : dims.reduce((product, dim) => product * dim, 1n);
}

/** The products of the dims between the free ones. */
export function segmentsOf(dims: readonly bigint[]): bigint[] {
  const products = [1n];
  for (const dim of dims) {
    if (dim === -1n) products.push(1n);
    else products.push((products.pop() ?? 1n) * dim);
  }
  return products;
}

/** Dims as text. */
export function dimsText(dims: readonly bigint[]): string {
  return `[${dims.join(", ")}]`;
}

const SIZES: Readonly<Record<string, number>> = {
  TYPE_BOOL: 1,
  TYPE_UINT8: 1,
  TYPE_INT8: 1,
  TYPE_UINT16: 2,
  TYPE_INT16: 2,
  TYPE_FP16: 2,
  TYPE_BF16: 2,
  TYPE_UINT32: 4,
  TYPE_INT32: 4,
  TYPE_FP32: 4,
  TYPE_UINT64: 8,
  TYPE_INT64: 8,
  TYPE_FP64: 8,
};

/** Bytes of one element of a type; 0 for texts, whose elements have a length each, and for what is no type. */
export function bytesOfType(type: string | number | undefined): number {
  return SIZES[String(type)] ?? 0;
}

/** Bytes of a tensor as declared, without a batch dimension; 0 where that is not known. */
export function bytesOf({ dims = [], data_type: type }: Partial<Io>): number {
  const count = countOf(dims);
  return count < 0n ? 0 : Number(count) * bytesOfType(type);
}
