import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeTensor, encodeTensor, stringsOf, tensor } from "./index.ts";

const utf8 = new TextEncoder();

/** A length as on the wire, then as many bytes as are given: the two may disagree on purpose. */
function element(length: number, ...bytes: number[]): number[] {
  return [length & 255, (length >>> 8) & 255, (length >>> 16) & 255, length >>> 24, ...bytes];
}

describe("BYTES", () => {
  it("is a little-endian length before each element", () => {
    const bytes = encodeTensor(tensor("BYTES", [3], ["a", "", Uint8Array.of(0, 255)]));
    expect([...bytes]).toEqual([1, 0, 0, 0, 97, 0, 0, 0, 0, 2, 0, 0, 0, 0, 255]);
  });

  it("carries strings of any script, NUL and byte order mark included", () => {
    const texts = ["红色圆形向右移动", "🎬", "\u0000", "\ufeffx", "", "a".repeat(70_000)];
    const decoded = decodeTensor("BYTES", [2, 3], encodeTensor(tensor("BYTES", [2, 3], texts)));
    expect(stringsOf(decoded)).toEqual(texts);
  });

  it("carries any well-formed strings", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" })), (texts) => {
        const bytes = encodeTensor(tensor("BYTES", [texts.length], texts));
        expect(stringsOf(decodeTensor("BYTES", [texts.length], bytes))).toEqual(texts);
      }),
    );
  });

  it("decodes to views of what came, plain Uint8Arrays even from a Buffer", () => {
    const bytes = Buffer.from(encodeTensor(tensor("BYTES", [], ["clip"])));
    const [clip] = decodeTensor("BYTES", [], bytes).data;
    expect(clip?.buffer).toBe(bytes.buffer);
    expect(Object.getPrototypeOf(clip)).toBe(Uint8Array.prototype);
    expect(clip).toEqual(utf8.encode("clip"));
  });

  it.each([
    ["a cut length", [1], [1, 0, 0], "Element 0 starts with 3 bytes; expected a length of 4 bytes."],
    ["an element that is cut", [1], element(5, 1, 2), "Element 0 says it has 5 bytes; got 2."],
    ["a length with the top bit", [1], element(0xffffffff), "Element 0 says it has 4294967295 bytes; got 0."],
    [
      "bytes after the last",
      [1],
      [...element(1, 7), 9, 9],
      "Expected nothing after 1 elements, got 2 bytes more.",
    ],
    [
      "one element too many",
      [1],
      [...element(0), ...element(0)],
      "Expected nothing after 1 elements, got 4 bytes",
    ],
    ["too few elements", [2, 2], element(1, 7), "BYTES [2,2]: Expected 4 elements, got 1."],
    ["no element where one should be", [], [], "Expected 1 elements, got 0."],
    [
      "an element in an empty tensor",
      [0],
      element(0),
      "Expected nothing after 0 elements, got 4 bytes more.",
    ],
    ["a count without bound", [2 ** 40], element(0), "Expected 1099511627776 elements, got 1."],
  ])("refuses %s", (_name, shape, bytes, message) => {
    expect(() => decodeTensor("BYTES", shape, Uint8Array.from(bytes))).toThrow(
      expect.objectContaining({
        code: "tensor-invalid",
        message: expect.stringContaining(message) as string,
      }),
    );
  });

  it("refuses any cut of a valid tensor", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array(), { minLength: 1 }), fc.nat(), (elements, seed) => {
        const bytes = encodeTensor(tensor("BYTES", [elements.length], elements));
        const cut = bytes.subarray(0, seed % bytes.length);
        expect(() => decodeTensor("BYTES", [elements.length], cut)).toThrow(/^BYTES \[\d+\]: /);
      }),
    );
  });

  it("refuses text that UTF-8 cannot hold, both ways", () => {
    expect(() => tensor("BYTES", [2], ["ok", "\ud83c"])).toThrow("Element 1 holds half of a surrogate pair");
    const raw = tensor("BYTES", [2], [utf8.encode("ok"), Uint8Array.of(0xff)]);
    expect(() => stringsOf(raw)).toThrow(
      expect.objectContaining({ code: "tensor-invalid", cause: expect.any(TypeError) as TypeError }),
    );
  });

  it("refuses to make text of another datatype", () => {
    const numbers = tensor("FP32", [1], new Float32Array(1));
    // @ts-expect-error only BYTES have text
    expect(() => stringsOf(numbers)).toThrow("Expected a BYTES tensor, got FP32.");
  });

  it("refuses what is no element", () => {
    // @ts-expect-error a number is no element
    expect(() => tensor("BYTES", [1], [7])).toThrow(
      "Element 0 is of type number; expected a string or Uint8Array.",
    );
    // @ts-expect-error a string is no array of strings
    expect(() => tensor("BYTES", [1], "x")).toThrow(
      "Expected an array of strings or Uint8Arrays, got string.",
    );
    expect(() => tensor("BYTES", [2], new Array<string>(2))).toThrow("Element 0 is of type undefined");
  });
});
