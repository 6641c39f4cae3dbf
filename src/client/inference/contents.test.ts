import { expect, it } from "vitest";
import { tensor } from "../../tensor/index.ts";
import { fromContents } from "./contents.ts";

const SHAPE = [2];

it("reads every datatype that has such a form", () => {
  const expected = [
    [tensor("BOOL", SHAPE, [true, false]), { bool_contents: [true, false] }],
    [tensor("INT8", SHAPE, Int8Array.of(-1, 2)), { int_contents: [-1, 2] }],
    [tensor("INT16", SHAPE, Int16Array.of(-1, 2)), { int_contents: [-1, 2] }],
    [tensor("INT32", SHAPE, Int32Array.of(-1, 2)), { int_contents: [-1, 2] }],
    [
      tensor("INT64", SHAPE, BigInt64Array.of(-1n, 2n ** 62n + 1n)),
      { int64_contents: ["-1", `${2n ** 62n + 1n}`] },
    ],
    [tensor("UINT8", SHAPE, Uint8Array.of(1, 255)), { uint_contents: [1, 255] }],
    [tensor("UINT16", SHAPE, Uint16Array.of(1, 2)), { uint_contents: [1, 2] }],
    [tensor("UINT32", SHAPE, Uint32Array.of(1, 2 ** 32 - 1)), { uint_contents: [1, 2 ** 32 - 1] }],
    [
      tensor("UINT64", SHAPE, BigUint64Array.of(1n, 2n ** 64n - 1n)),
      { uint64_contents: ["1", `${2n ** 64n - 1n}`] },
    ],
    [tensor("FP32", SHAPE, Float32Array.of(0.5, -1)), { fp32_contents: [0.5, -1] }],
    [tensor("FP64", SHAPE, Float64Array.of(0.1, -1)), { fp64_contents: [0.1, -1] }],
    [tensor("BYTES", SHAPE, ["a", ""]), { bytes_contents: [Buffer.from("a"), new Uint8Array()] }],
  ] as const;
  for (const [want, contents] of expected) {
    const found = fromContents(want.datatype, SHAPE, contents);
    expect(found?.datatype).toBe(want.datatype);
    const listed = (data: Iterable<unknown> = []) =>
      Array.from(data, (item) => (item instanceof Uint8Array ? [...item] : item));
    expect(listed(found?.data)).toEqual(listed(want.data));
  }
});

it("has nothing for datatypes without one, and for elements that do not fit", () => {
  expect(fromContents("FP16", SHAPE, { fp32_contents: [1, 2] })).toBeUndefined();
  expect(fromContents("BF16", SHAPE, {})).toBeUndefined();
  expect(fromContents("INT8", SHAPE, { int_contents: [1, 128] })).toBeUndefined();
  expect(fromContents("UINT16", SHAPE, { uint_contents: [1, 65_536] })).toBeUndefined();
});

it("refuses another number of elements than the shape's", () => {
  expect(() => fromContents("FP32", SHAPE, { fp32_contents: [1] })).toThrow("expected 2 elements, got 1");
});
