import { formatShape, type TensorSpec, toConfigType } from "../tensor/index.ts";
import type {
  DataType,
  ModelConfigMessage,
  ModelEnsemblingStep,
  ModelInput,
  ModelInstanceGroup,
  ModelQueuePolicy,
} from "./schema/schema.gen.ts";
import { integer, refuse } from "./text-format.ts";
import type { EnsembleStep, InstanceGroup, ModelConfig, QueuePolicy } from "./types.ts";

/** Triton's own message for what Triptych describes in its own words. */
export function messageOf(config: ModelConfig): ModelConfigMessage {
  const { platform, backend, defaultModelFilename, versionPolicy, decoupled, responseCache } = config;
  return {
    name: config.name,
    ...some("platform", platform),
    ...some("backend", backend),
    max_batch_size: count("max_batch_size", config.maxBatchSize),
    ...some("default_model_filename", defaultModelFilename),
    ...some("version_policy", versionPolicy && { latest: { num_versions: versionPolicy.latest } }),
    ...some("model_transaction_policy", decoupled === undefined ? undefined : { decoupled }),
    ...some("response_cache", responseCache === undefined ? undefined : { enable: responseCache }),
    input: config.inputs.map(inputOf),
    output: config.outputs.map(outputOf),
    ...some("instance_group", config.instanceGroups?.map(groupOf)),
    ...schedulingOf(config),
    ...some("parameters", config.parameters && mapped(config.parameters)),
  };
}

/** A field where there is a value for it: no property stands for none. */
function some<K extends string, T>(name: K, value: T | undefined): Partial<Record<K, T>> {
  return value === undefined ? {} : ({ [name]: value } as Record<K, T>);
}

function mapped(parameters: Readonly<Record<string, string>>): ModelConfigMessage["parameters"] & object {
  const entries = Object.entries(parameters).map(([key, value]) => [key, { string_value: value }] as const);
  return Object.fromEntries(entries);
}

function inputOf(input: TensorSpec): ModelInput {
  return { ...tensorOf("Input", input), ...some("optional", input.optional) };
}

function outputOf(output: TensorSpec): ReturnType<typeof tensorOf> {
  if (output.optional !== true) return tensorOf("Output", output);
  throw refuse(
    `Output ${JSON.stringify(output.name)} is optional; expected only inputs to be.`,
    "Leave optional out; a request that does not ask for an output does not get it.",
  );
}

function tensorOf(role: string, { name, datatype, dims }: TensorSpec) {
  if (dims.length === 0 || dims.some((dim) => dim < 1 && dim !== -1)) {
    throw refuse(
      `${role} ${JSON.stringify(name)} has dims ${formatShape(dims)}; expected one or more, each -1 or at least 1.`,
      "Write a single value as dims [1] and a free size as -1.",
    );
  }
  return {
    name,
    data_type: toConfigType(datatype) as DataType,
    dims: dims.map((dim) => wide("dims", dim, -1)),
  };
}

function groupOf({ count: size, kind, gpus }: InstanceGroup): ModelInstanceGroup {
  return {
    count: count("count", size, 1),
    kind,
    ...some(
      "gpus",
      gpus?.map((gpu) => count("gpus", gpu)),
    ),
  };
}

/** Both are members of one oneof: a text with the two does not parse. */
function schedulingOf({ dynamicBatching, ensembleSteps }: ModelConfig): ModelConfigMessage {
  if (dynamicBatching !== undefined && ensembleSteps !== undefined) {
    throw refuse(
      "It has dynamicBatching and ensembleSteps; expected at most one of them.",
      "Batch in the models of the steps; an ensemble has no queue of its own.",
    );
  }
  const { defaultQueuePolicy: policy } = dynamicBatching ?? {};
  return {
    ...some("dynamic_batching", dynamicBatching && some("default_queue_policy", policy && queueOf(policy))),
    ...some("ensemble_scheduling", ensembleSteps && { step: ensembleSteps.map(stepOf) }),
  };
}

function queueOf(policy: QueuePolicy): ModelQueuePolicy {
  const { timeoutAction, defaultTimeoutMicroseconds: timeout, allowTimeoutOverride, maxQueueSize } = policy;
  const timeoutField = "default_timeout_microseconds";
  return {
    ...some("timeout_action", timeoutAction),
    ...some(timeoutField, timeout === undefined ? undefined : wide(timeoutField, timeout, 0)),
    ...some("allow_timeout_override", allowTimeoutOverride),
    ...some("max_queue_size", maxQueueSize),
  };
}

function stepOf(step: EnsembleStep): ModelEnsemblingStep {
  return {
    model_name: step.modelName,
    model_version: wide("model_version", step.modelVersion, Number.MIN_SAFE_INTEGER),
    input_map: step.inputMap,
    output_map: step.outputMap,
  };
}

/** `int32` where a negative number has no meaning. */
function count(name: string, value: number, min = 0): number {
  integer(name, value, { min, max: 2 ** 31 - 1 });
  return value;
}

/** A 64-bit number, of which JavaScript's own hold exactly what is within 2^53. */
function wide(name: string, value: number, min: number): bigint {
  return BigInt(integer(name, value, { min, max: Number.MAX_SAFE_INTEGER }));
}
