import { describe, expect, it } from "vitest";
import { summariseLayers } from "./layers.ts";

function layer(fields: object): object {
  return { Name: "x", LayerType: "gemm", Outputs: [{ Name: "y", ...fields }] };
}

describe("summariseLayers", () => {
  it("counts layers by the datatype that they give, in whatever words", () => {
    const text = JSON.stringify({
      Layers: [
        layer({ "Format/Datatype": "Half" }),
        layer({ "Format/Datatype": "Row major linear FP16 format" }),
        layer({ "Format/Datatype": "Thirty-two wide channel vectorized row major Int8 format" }),
        layer({ DataType: "BFloat16", Format: "kLINEAR" }),
        layer({ Format: "Row major linear FP32 format (kLINEAR)" }),
        layer({}),
        "a name only",
      ],
    });
    expect(summariseLayers(text)).toEqual({
      total: 7,
      byDatatype: { fp16: 2, int8: 1, bf16: 1, fp32: 1, "not told": 2 },
    });
  });

  it.each(["", "{}", '{"Layers": 3}', "[]", "{"])("makes nothing of %j", (text) => {
    expect(summariseLayers(text)).toBeUndefined();
  });
});
