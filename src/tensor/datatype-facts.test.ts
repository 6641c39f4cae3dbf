import { describe, expect, it } from "vitest";
import { byteSize, DATATYPE_FACTS, DATATYPES, fromConfigType, toConfigType } from "./index.ts";

describe("datatype facts", () => {
  it("has a row for each datatype and no two of one name", () => {
    expect(Object.keys(DATATYPE_FACTS).sort()).toEqual([...DATATYPES].sort());
    for (const name of ["configType", "onnx"] as const) {
      expect(new Set(DATATYPES.map((datatype) => DATATYPE_FACTS[datatype][name])).size).toBe(14);
    }
  });

  it("renames BYTES for the config file, and nothing else", () => {
    const renamed = DATATYPES.filter((datatype) => toConfigType(datatype) !== `TYPE_${datatype}`);
    expect(renamed).toEqual(["BYTES"]);
    expect(toConfigType("BYTES")).toBe("TYPE_STRING");
  });

  it.each(DATATYPES)("finds %s again by its config name", (datatype) => {
    expect(fromConfigType(toConfigType(datatype))).toBe(datatype);
  });

  it.each(["TYPE_INVALID", "TYPE_BYTES", "FP32", "type_fp32", ""])("refuses the config name %j", (text) => {
    expect(() => fromConfigType(text)).toThrow(
      expect.objectContaining({
        code: "model-config-syntax",
        message: expect.stringContaining("TYPE_BF16") as string,
        hint: expect.stringContaining("TYPE_STRING") as string,
      }),
    );
  });

  it("knows the size of all but BYTES", () => {
    expect(Object.fromEntries(DATATYPES.map((datatype) => [datatype, byteSize(datatype)]))).toEqual({
      BOOL: 1,
      UINT8: 1,
      INT8: 1,
      UINT16: 2,
      INT16: 2,
      FP16: 2,
      BF16: 2,
      UINT32: 4,
      INT32: 4,
      FP32: 4,
      UINT64: 8,
      INT64: 8,
      FP64: 8,
      BYTES: undefined,
    });
  });

  it("knows what TensorRT takes", () => {
    expect(DATATYPES.filter((datatype) => !DATATYPE_FACTS[datatype].tensorrt)).toEqual([
      "UINT16",
      "UINT32",
      "UINT64",
      "INT16",
      "FP64",
      "BYTES",
    ]);
  });
});
