import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { rpc } from "./service.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("the protocol", () => {
  it("has a descriptor that a fresh compile of the .proto gives again", () => {
    const tool = fileURLToPath(new URL("../../../tools/protocol.mjs", import.meta.url));
    expect(execFileSync(process.execPath, [tool, "--check"], { encoding: "utf8" })).toBe("");
  });

  it("writes an inference request with Triton's field numbers", () => {
    const bytes = rpc("ModelInfer").serialize({
      model_name: "m",
      id: "i",
      parameters: { p: { int64_param: "9007199254740993" } },
      inputs: [{ name: "X", datatype: "UINT8", shape: [2] }],
      outputs: [{ name: "Y" }],
      raw_input_contents: [Uint8Array.of(1, 2)],
    });
    const fields = [
      "0a016d", // model_name = 1
      "1a0169", // id = 3
      "220e0a01701209108180808080808010", // parameters = 4, int64_param = 2
      "2a0d0a0158120555494e54381a0102", // inputs = 5: name = 1, datatype = 2, shape = 3
      "32030a0159", // outputs = 6
      "3a020102", // raw_input_contents = 7
    ];
    expect(hex(bytes)).toBe(fields.join(""));
  });

  it("reads an inference response by Triton's field numbers, skipping what it does not know", () => {
    const bytes = Buffer.from(
      "0a016d120131" + // model_name = 1, model_version = 2
        "22070a017012020801" + // parameters = 4, bool_param = 1
        "2a0d0a0159120555494e54381a0102" + // outputs = 5
        "32020304" + // raw_output_contents = 6
        "fa0102ffff", // field 31, unknown
      "hex",
    );
    expect(rpc("ModelInfer").deserialize(bytes)).toMatchObject({
      model_name: "m",
      model_version: "1",
      id: "",
      parameters: { p: { bool_param: true } },
      outputs: [{ name: "Y", datatype: "UINT8", shape: ["2"] }],
      raw_output_contents: [Buffer.of(3, 4)],
    });
  });

  it("reads a stream's error and its response apart", () => {
    const { deserialize } = rpc("ModelStreamInfer");
    expect(deserialize(Buffer.from("0a026e6f", "hex"))).toMatchObject({
      error_message: "no",
      infer_response: null,
    });
    expect(deserialize(Buffer.from("12030a016d", "hex"))).toMatchObject({
      error_message: "",
      infer_response: { model_name: "m", outputs: [] },
    });
  });

  it("calls the paths that Triton serves", () => {
    expect(rpc("ModelStreamInfer").path).toBe("/inference.GRPCInferenceService/ModelStreamInfer");
    expect(rpc("RepositoryIndex").path).toBe("/inference.GRPCInferenceService/RepositoryIndex");
  });
});
