import { describe, expect, it, onTestFinished } from "vitest";
import type { Contract } from "../../model-config/index.ts";
import { type Tensor, tensor } from "../../tensor/index.ts";
import { connect } from "../connect.ts";
import { metadataOf, responseOf } from "../testing/messages.ts";
import { serve } from "../testing/toy-server.ts";

const contract = {
  pipeline: "named",
  variants: {},
  models: {
    attend: {
      inputs: [
        { name: "IDS", datatype: "INT64", dims: [2, -1], dimNames: ["", "L"] },
        { name: "MASK", datatype: "INT64", dims: [-1], dimNames: ["L"], optional: true },
      ],
      outputs: [
        { name: "CONTEXT", datatype: "FP32", dims: [-1, -1], dimNames: ["L", "D"] },
        { name: "POOLED", datatype: "FP32", dims: [-1], dimNames: ["D"] },
      ],
      decoupled: false,
      maxBatchSize: 4,
    },
  },
} as const satisfies Contract;

const zeros = (...shape: readonly number[]) =>
  tensor("FP32", shape, new Float32Array(shape.reduce((product, size) => product * size, 1)));

const ids = (length: number) =>
  tensor("INT64", [1, 2, length] as readonly [number, 2, number], new BigInt64Array(2 * length));
const mask = (length: number) =>
  tensor("INT64", [1, length] as readonly [number, number], new BigInt64Array(length));

/** A model that answers with these tensors. */
async function modelWith(outputs: Readonly<Record<string, Tensor>>) {
  const server = await serve({
    ModelMetadata: ({ name }) =>
      metadataOf(contract, name) ?? { name, versions: [], platform: "", inputs: [], outputs: [] },
    ModelInfer: (request) => responseOf(request, outputs),
  });
  const studio = await connect(server.endpoint, { contract });
  onTestFinished(() => studio.close());
  return { server, model: studio.models.attend };
}

describe("dims of one name", () => {
  it("have one size in all tensors of a call, behind the dim of the batch", async () => {
    const { model } = await modelWith({ CONTEXT: zeros(1, 5, 3), POOLED: zeros(1, 3) });
    await expect(model.infer({ IDS: ids(5), MASK: mask(5) })).resolves.toBeDefined();
    await expect(model.infer({ IDS: ids(5) })).resolves.toBeDefined();
  });

  it("are refused before anything is sent where two inputs differ", async () => {
    const { server, model } = await modelWith({});
    await expect(model.infer({ IDS: ids(5), MASK: mask(4) })).rejects.toMatchObject({
      code: "request-invalid",
      message: "attend, input MASK: dim L is 4, but 5 in IDS.",
    });
    expect(server.requests).toEqual([]);
  });

  it.each([
    ["an input", zeros(1, 6, 3), zeros(1, 3), "output CONTEXT: dim L is 6, but 5 in input IDS"],
    ["another output", zeros(1, 5, 3), zeros(1, 2), "output POOLED: dim D is 2, but 3 in output CONTEXT"],
  ])("are no answer where an output differs from %s", async (_, CONTEXT, POOLED, problem) => {
    const { model } = await modelWith({ CONTEXT, POOLED });
    await expect(model.infer({ IDS: ids(5) })).rejects.toMatchObject({
      code: "response-invalid",
      message: expect.stringContaining(problem) as string,
    });
  });
});
