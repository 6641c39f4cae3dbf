import type { InstanceGroup, ModelConfig } from "../model-config/index.ts";
import type { PipelineSpec } from "../spec/index.ts";
import { type NetworkChoice, servedPath } from "./artifacts/paths.ts";
import type { ModelPlan } from "./types.ts";

/** The parts of a config that a network and its tensors decide; the runtime adds the rest. */
export type NetworkConfig = Pick<ModelConfig, "name" | "inputs" | "outputs">;

const ON_CPU: readonly InstanceGroup[] = [{ count: 1, kind: "KIND_CPU" }];
const ON_GPU: readonly InstanceGroup[] = [{ count: 1, kind: "KIND_GPU", gpus: [0] }];

function tensorrtModel(network: NetworkConfig, source: string): ModelPlan {
  const config: ModelConfig = {
    ...network,
    backend: "tensorrt",
    platform: "tensorrt_plan",
    maxBatchSize: 0,
    defaultModelFilename: "model.plan",
    instanceGroups: ON_GPU,
  };
  return { config, links: [{ name: "model.plan", source }] };
}

function onnxruntimeModel(network: NetworkConfig, source: string): ModelPlan {
  const config: ModelConfig = {
    ...network,
    backend: "onnxruntime",
    platform: "onnxruntime_onnx",
    maxBatchSize: 0,
    defaultModelFilename: "model.onnx",
    instanceGroups: ON_CPU,
  };
  return { config, links: [{ name: "model.onnx", source }] };
}

function embeddedModel(network: NetworkConfig, source: string, threads: number): ModelPlan {
  const config: ModelConfig = {
    ...network,
    backend: "python",
    maxBatchSize: 0,
    instanceGroups: ON_CPU,
    parameters: { onnx_file: "model.onnx", intra_op_num_threads: String(threads) },
  };
  return { config, pythonModule: "onnx_model", links: [{ name: "model.onnx", source }] };
}

/** A model that runs a network on the target's runtime; its tensors are the same on all of them. */
export function networkModel(
  spec: PipelineSpec,
  network: NetworkConfig,
  choice: Omit<NetworkChoice, "network">,
): ModelPlan {
  const source = servedPath(spec, { network: network.name, ...choice });
  if (spec.target.runtime === "tensorrt") return tensorrtModel(network, source);
  if (spec.target.triton === "embedded") return embeddedModel(network, source, spec.target.threads);
  return onnxruntimeModel(network, source);
}

/** A model written in Python that runs no network of its own. */
export function pythonModel(
  module: string,
  network: NetworkConfig,
  parameters: Readonly<Record<string, string>>,
  extra: Pick<ModelConfig, "decoupled" | "dynamicBatching"> & { readonly instances?: number } = {},
): Omit<ModelPlan, "links"> {
  const { instances = 1, ...rest } = extra;
  const config: ModelConfig = {
    ...network,
    backend: "python",
    maxBatchSize: 0,
    instanceGroups: [{ count: instances, kind: "KIND_CPU" }],
    parameters,
    ...rest,
  };
  return { config, pythonModule: module };
}
