import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { elementCount, formatShape, shapeFits } from "./index.ts";

const MAX = Number.MAX_SAFE_INTEGER;

describe("elementCount", () => {
  it.each([
    [[], 1],
    [[0], 0],
    [[2, 3, 4], 24],
    [[MAX], MAX],
    [[MAX, MAX, 0], 0],
    [[0, MAX, MAX], 0],
  ])("of %j is %d", (shape, count) => {
    expect(elementCount(shape)).toBe(count);
  });

  it.each([[[-1]], [[2, -3]], [[1.5]], [[Number.NaN]], [[Number.POSITIVE_INFINITY]], [[0, -1]], [[MAX + 1]]])(
    "refuses %j by naming the size",
    (shape) => {
      expect(() => elementCount(shape)).toThrow(
        expect.objectContaining({
          code: "tensor-invalid",
          message: expect.stringContaining("expected whole numbers") as string,
        }),
      );
    },
  );

  it("agrees with exact arithmetic up to 2^53-1 and refuses beyond", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 2 ** 20 }), { maxLength: 5 }), (shape) => {
        const exact = shape.reduce((product, size) => product * BigInt(size), 1n);
        if (exact <= BigInt(MAX)) expect(BigInt(elementCount(shape))).toBe(exact);
        else expect(() => elementCount(shape)).toThrow("too many elements");
      }),
    );
  });
});

describe("shapeFits", () => {
  it.each([
    [[-1, 16], [3, 16], true],
    [[-1, 16], [0, 16], true],
    [[-1, 16], [3, 15], false],
    [[16], [1, 16], false],
    [[1, 16], [16], false],
    [[], [], true],
    [[2], [-1], false],
  ])("%j with %j: %s", (dims, shape, fits) => {
    expect(shapeFits(dims, shape)).toBe(fits);
  });
});

describe("formatShape", () => {
  it("writes a shape on one line", () => {
    expect([[], [7], [-1, 2, 512]].map(formatShape)).toEqual(["[]", "[7]", "[-1,2,512]"]);
  });
});
