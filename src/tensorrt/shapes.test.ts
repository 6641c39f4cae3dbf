import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readShapeArguments, shapeArguments } from "./shapes.ts";

describe("readShapeArguments", () => {
  const name = fc.stringMatching(/^[A-Za-z_.:/][A-Za-z0-9_.:/]{0,8}$/);
  const dims = fc.array(fc.integer({ min: 1, max: 2 ** 31 - 1 }), { minLength: 1, maxLength: 5 });
  const profile = fc
    .dictionary(name, dims, { minKeys: 1, maxKeys: 3 })
    .map((shapes) => ({ min: shapes, opt: shapes, max: shapes }));

  it("reads what shapeArguments writes, among other arguments", () => {
    fc.assert(
      fc.property(fc.array(profile, { maxLength: 3 }), (profiles) => {
        const words = ["--noTF32", ...shapeArguments(profiles), "--sparsity=enable"];
        expect(readShapeArguments(words)).toEqual(profiles);
      }),
    );
  });

  it("passes over what is no list of shapes", () => {
    expect(readShapeArguments(["--minShapes=", "--maxShapes=x:y", "--optShapes=a:2x3"])).toEqual([
      { min: {}, opt: { a: [2, 3] }, max: {} },
    ]);
  });
});
