import type { Contract } from "../../model-config/index.ts";
import { encodeTensor, type Tensor, tensor } from "../../tensor/index.ts";
import { wireDims } from "../inference/wire-dims.ts";
import type { ModelInferRequest, ModelInferResponse, ModelMetadataResponse } from "../protocol/messages.ts";

/** A response with these outputs, flagged as every response on a stream is. */
export function responseOf(
  request: ModelInferRequest,
  outputs: Readonly<Record<string, Tensor>>,
  final = true,
): ModelInferResponse {
  const entries = Object.entries(outputs);
  return {
    model_name: request.model_name,
    model_version: "1",
    id: request.id,
    parameters: { triton_final_response: { bool_param: final } },
    outputs: entries.map(([name, { datatype, shape }]) => ({ name, datatype, shape })),
    raw_output_contents: entries.map(([, source]) => encodeTensor(source)),
  };
}

/** What a server that serves this contract says of a model; undefined for one it has not. */
export function metadataOf(contract: Contract, name: string): ModelMetadataResponse | undefined {
  const model = contract.models[name];
  if (model === undefined) return undefined;
  const described = (side: "inputs" | "outputs"): ModelMetadataResponse["inputs"] =>
    model[side].map((spec) => ({
      name: spec.name,
      datatype: spec.datatype,
      shape: wireDims(spec.dims, model),
    }));
  return {
    name,
    versions: ["1"],
    platform: "fake",
    inputs: described("inputs"),
    outputs: described("outputs"),
  };
}

/** The tensors of one progress response. */
export function progressOf(
  stage: string,
  step: number,
  steps: number,
  elapsedUs: number,
): Record<string, Tensor> {
  return {
    STAGE: tensor("BYTES", [1], [stage]),
    STEP: tensor("INT32", [1], Int32Array.of(step)),
    STEPS: tensor("INT32", [1], Int32Array.of(steps)),
    ELAPSED_US: tensor("INT64", [1], BigInt64Array.of(BigInt(elapsedUs))),
  };
}

/** The first item, after which the loop is left. */
export async function firstOf<T>(items: AsyncIterable<T>): Promise<T | undefined> {
  for await (const item of items) return item;
  return undefined;
}

/** Bytes that stand for an MP4. */
export const VIDEO = Uint8Array.of(0, 0, 0, 24, 0x66, 0x74, 0x79, 0x70);

/** The tensors that a front door makes a clip of. */
export function clipOf(wanted: readonly string[]): Record<string, Tensor> {
  const all: Record<string, Tensor> = {
    VIDEO: tensor("BYTES", [1], [VIDEO]),
    FRAMES: tensor("UINT8", [2, 4, 4, 3], new Uint8Array(96).fill(7)),
    LATENT: tensor("FP32", [2, 1, 2, 2], new Float32Array(8).fill(0.5)),
  };
  return Object.fromEntries(Object.entries(all).filter(([name]) => wanted.includes(name)));
}
