import fc from "fast-check";
import { describe, expect, expectTypeOf, it } from "vitest";
import {
  booleansOf,
  byteSize,
  DATATYPES,
  type Datatype,
  decodeTensor,
  elementCount,
  encodeTensor,
  hasDatatype,
  type ShapeOf,
  shaped,
  type Tensor,
  tensor,
} from "./index.ts";

const shapes = fc.array(fc.nat({ max: 4 }), { maxLength: 4 });
const offsets = fc.integer({ min: 0, max: 7 });

/** Elements of a tensor read one by one, as the wire format says, by DataView rather than typed arrays. */
const READERS: Record<Exclude<Datatype, "BYTES">, (view: DataView, at: number) => number | bigint> = {
  BOOL: (view, at) => view.getUint8(at),
  UINT8: (view, at) => view.getUint8(at),
  UINT16: (view, at) => view.getUint16(at, true),
  UINT32: (view, at) => view.getUint32(at, true),
  UINT64: (view, at) => view.getBigUint64(at, true),
  INT8: (view, at) => view.getInt8(at),
  INT16: (view, at) => view.getInt16(at, true),
  INT32: (view, at) => view.getInt32(at, true),
  INT64: (view, at) => view.getBigInt64(at, true),
  FP16: (view, at) => fp16(view.getUint16(at, true)),
  FP32: (view, at) => view.getFloat32(at, true),
  FP64: (view, at) => view.getFloat64(at, true),
  BF16: (view, at) => bf16(view.getUint16(at, true)),
};

function fp16(bits: number): number {
  const [sign, exponent, mantissa] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, (bits & 1023) / 1024];
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * mantissa * 2 ** -14 : sign * (1 + mantissa) * 2 ** (exponent - 15);
}

function bf16(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint16(0, bits);
  return view.getFloat32(0);
}

/** Random bytes that are a valid tensor of the datatype, at an offset into a larger buffer. */
function wireBytes(
  datatype: Datatype,
  shape: readonly number[],
  seed: Uint8Array,
  offset: number,
): Uint8Array {
  const count = elementCount(shape);
  const size = byteSize(datatype);
  const pick = (at: number): number => seed[at % seed.length] ?? 0;
  const raw = Array.from({ length: count * (size ?? 5) }, (_, at) => {
    if (datatype === "BOOL") return pick(at) & 1;
    if (datatype === "BYTES" && at % 5 < 4) return at % 5 === 0 ? 1 : 0;
    return pick(at);
  });
  const buffer = new Uint8Array(offset + raw.length + 3);
  buffer.set(raw, offset);
  return buffer.subarray(offset, offset + raw.length);
}

function wireTensors(datatype: Datatype): fc.Arbitrary<{ shape: number[]; bytes: Uint8Array }> {
  return fc
    .tuple(shapes, fc.uint8Array({ minLength: 61, maxLength: 61 }), offsets)
    .map(([shape, seed, offset]) => ({ shape, bytes: wireBytes(datatype, shape, seed, offset) }));
}

describe.each(DATATYPES)("%s", (datatype) => {
  it("decodes and encodes to the same bytes, at any alignment", () => {
    fc.assert(
      fc.property(wireTensors(datatype), ({ shape, bytes }) => {
        const decoded = decodeTensor(datatype, shape, bytes);
        expect(decoded.shape).toEqual(shape);
        expect(decoded.data).toHaveLength(elementCount(shape));
        expect(Buffer.compare(encodeTensor(decoded), bytes)).toBe(0);
      }),
    );
  });
});

describe.each(Object.entries(READERS))("%s on the wire", (name, read) => {
  const datatype = name as keyof typeof READERS;
  const size = byteSize(datatype) ?? 0;

  it("reads each element as the wire format says", () => {
    fc.assert(
      fc.property(wireTensors(datatype), ({ shape, bytes }) => {
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        const want = Array.from({ length: elementCount(shape) }, (_, at) => read(view, at * size));
        expect([...decodeTensor(datatype, shape, bytes).data]).toEqual(want);
      }),
    );
  });

  it.each([0, 6 * size - 1, 6 * size + 1, 12 * size])("refuses %d bytes for [2,3]", (length) => {
    expect(() => decodeTensor(datatype, [2, 3], new Uint8Array(length))).toThrow(
      expect.objectContaining({
        code: "tensor-invalid",
        message: `${datatype} [2,3]: expected ${6 * size} bytes, got ${length}.`,
        hint: expect.stringContaining("Check") as string,
      }),
    );
  });
});

/** Datatypes whose carrier is the wire format. */
const VIEWED = [
  "BOOL",
  "UINT8",
  "UINT16",
  "UINT32",
  "UINT64",
  "INT8",
  "INT16",
  "INT32",
  "INT64",
  "FP32",
  "FP64",
] as const;

describe.each(VIEWED)("%s in memory", (datatype) => {
  it("is copied only where its bytes are not aligned", () => {
    fc.assert(
      fc.property(wireTensors(datatype), ({ shape, bytes }) => {
        const { data } = decodeTensor(datatype, shape, bytes);
        expect(data.buffer === bytes.buffer).toBe(bytes.byteOffset % (byteSize(datatype) ?? 1) === 0);
        expect(encodeTensor(tensor(datatype, shape, data)).buffer).toBe(data.buffer);
      }),
    );
  });
});

describe("tensor", () => {
  it("takes booleans and bytes for BOOL", () => {
    const made = tensor("BOOL", [3], [true, false, true]);
    expect(made.data).toEqual(Uint8Array.of(1, 0, 1));
    expect(booleansOf(made)).toEqual([true, false, true]);
    expect(tensor("BOOL", [], Uint8Array.of(1)).data).toEqual(Uint8Array.of(1));
  });

  it("refuses BOOL bytes other than 0 and 1, also from the wire", () => {
    expect(() => tensor("BOOL", [2], Uint8Array.of(1, 2))).toThrow(
      "BOOL [2]: Element 1 is 2; expected 0 or 1.",
    );
    expect(() => decodeTensor("BOOL", [1], Uint8Array.of(255))).toThrow("Element 0 is 255");
    // @ts-expect-error numbers are no booleans
    expect(() => tensor("BOOL", [2], [true, 0])).toThrow("Element 1 is of type number; expected a boolean.");
    // @ts-expect-error nor are words
    expect(() => tensor("BOOL", [1], "true")).toThrow("Expected booleans or a Uint8Array, got string.");
  });

  it("refuses another datatype's carrier by both names", () => {
    // @ts-expect-error FP32 is held by a Float32Array
    expect(() => tensor("FP32", [1], Float64Array.of(1))).toThrow(
      expect.objectContaining({
        code: "tensor-invalid",
        message: "FP32 [1]: Expected a Float32Array, got Float64Array.",
        hint: "Convert the data with Float32Array.from(…).",
      }),
    );
    // @ts-expect-error token ids are bigint
    expect(() => tensor("INT64", [1], [1])).toThrow("Expected a BigInt64Array, got Array.");
    // @ts-expect-error nothing is no carrier
    expect(() => tensor("UINT8", [1], null)).toThrow("Expected a Uint8Array, got null.");
  });

  it("takes a Buffer for UINT8", () => {
    expect([...encodeTensor(tensor("UINT8", [2], Buffer.from([7, 8])))]).toEqual([7, 8]);
  });

  it("refuses a count that is not the shape's", () => {
    expect(() => tensor("FP32", [2, 3], new Float32Array(5))).toThrow(
      "FP32 [2,3]: expected 6 elements, got 5.",
    );
    expect(() => tensor("BYTES", [], [])).toThrow("BYTES []: expected 1 elements, got 0.");
  });

  it("refuses a datatype that Triton has not", () => {
    // @ts-expect-error the wire name is FP32
    expect(() => tensor("float32", [1], new Float32Array(1))).toThrow(
      "Unknown datatype float32; expected one of",
    );
    // @ts-expect-error nor is it an object's own business
    expect(() => decodeTensor("toString", [1], new Uint8Array(1))).toThrow("Unknown datatype toString");
  });

  it("keeps its shape when the caller's array changes", () => {
    const shape = [2];
    const made = tensor("INT8", shape, new Int8Array(2));
    shape[0] = 9;
    expect(made.shape).toEqual([2]);
  });

  it("checks a tensor made by hand when it is encoded", () => {
    const made = { datatype: "FP32", shape: [2], data: new Float32Array(3) } as const;
    expect(() => encodeTensor(made)).toThrow("FP32 [2]: expected 2 elements, got 3.");
  });
});

describe("the types", () => {
  it("tie the carrier to the datatype", () => {
    expectTypeOf(tensor("INT64", [1], BigInt64Array.of(7n))).toEqualTypeOf<Tensor<"INT64", readonly [1]>>();
    expectTypeOf(decodeTensor("BYTES", [1], new Uint8Array(4)).data).toEqualTypeOf<readonly Uint8Array[]>();
    expectTypeOf<Tensor<"FP16">["data"]>().toEqualTypeOf<Float32Array>();
    expectTypeOf<Tensor<"FP32">>().toExtend<Tensor>();
  });

  it("know the shape where it is a literal, and take one for it where shaped() looked", () => {
    const sizes: readonly number[] = [2, 3];
    const made = tensor("INT8", sizes, new Int8Array(6));
    expectTypeOf(made).toEqualTypeOf<Tensor<"INT8">>();
    expectTypeOf(shaped(made, [2, -1])).toEqualTypeOf<Tensor<"INT8", readonly [2, number]>>();
    expect(shaped(made, [2, -1])).toBe(made);
    expect(() => shaped(made, [2, 4])).toThrow(
      expect.objectContaining({
        code: "tensor-invalid",
        message: "INT8: expected shape [2,4], got [2,3].",
      }),
    );
    expectTypeOf<ShapeOf<readonly number[]>>().toEqualTypeOf<readonly number[]>();
    expectTypeOf<ShapeOf<readonly [-1, 16, number]>>().toEqualTypeOf<readonly [number, 16, number]>();
  });

  it("narrow by hasDatatype", () => {
    const made: Tensor = tensor("FP64", [], Float64Array.of(1));
    expect(hasDatatype(made, "FP32")).toBe(false);
    expect(hasDatatype(made, "FP64")).toBe(true);
    if (hasDatatype(made, "FP64")) expectTypeOf(made.data).toEqualTypeOf<Float64Array>();
  });
});
