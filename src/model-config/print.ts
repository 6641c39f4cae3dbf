import { isTriptychError } from "../errors/index.ts";
import { formatShape, type TensorSpec, toConfigType } from "../tensor/index.ts";
import {
  block,
  COUNT32,
  comment,
  given,
  INT64,
  inline,
  integer,
  list,
  map,
  quote,
  refuse,
  UINT32,
  UINT64,
} from "./text-format.ts";
import type { EnsembleStep, InstanceGroup, ModelConfig, QueuePolicy } from "./types.ts";

/** Options of {@link printModelConfig}. */
export interface PrintOptions {
  /** A comment that opens the file, of one or more lines; none by default. Each line gets its own `# `. */
  readonly header?: string;
}

/**
 * The text of a `config.pbtxt`: the same for equal configs, whatever the order of their keys.
 *
 * Fields that are given are written, even where they equal the schema's default, so that no reader has to know it;
 * `max_batch_size` always is.
 *
 * @throws TriptychError `model-config-syntax` for what the text cannot carry or the schema refuses: empty dims, a dim
 * that is neither −1 nor at least 1, a number out of its field's range, an optional output, half of a surrogate pair,
 * dynamic batching beside ensemble steps.
 */
export function printModelConfig(config: ModelConfig, options: PrintOptions = {}): string {
  try {
    const sections = [given(options.header, comment), scalars(config), ...blocks(config)];
    const text = sections.filter((lines) => lines.length > 0).map((lines) => lines.join("\n"));
    return `${text.join("\n\n")}\n`;
  } catch (reason) {
    if (!isTriptychError(reason)) throw reason;
    throw refuse(`Model ${JSON.stringify(config.name)}: ${reason.message}`, reason.hint ?? "");
  }
}

function scalars(config: ModelConfig): string[] {
  return [
    `name: ${quote(config.name)}`,
    ...given(config.platform, (platform) => [`platform: ${quote(platform)}`]),
    ...given(config.backend, (backend) => [`backend: ${quote(backend)}`]),
    `max_batch_size: ${integer("max_batch_size", config.maxBatchSize, COUNT32)}`,
    ...given(config.defaultModelFilename, (file) => [`default_model_filename: ${quote(file)}`]),
    ...given(config.versionPolicy, ({ latest }) => [
      inline("version_policy", inline("latest", `num_versions: ${integer("num_versions", latest, UINT32)}`)),
    ]),
    ...given(config.decoupled, (decoupled) => [
      inline("model_transaction_policy", `decoupled: ${String(decoupled)}`),
    ]),
    ...given(config.responseCache, (enable) => [inline("response_cache", `enable: ${String(enable)}`)]),
  ];
}

function blocks(config: ModelConfig): (readonly string[])[] {
  return [
    ...config.inputs.map((input) => block("input", inputLines(input))),
    ...config.outputs.map((output) => block("output", outputLines(output))),
    ...(config.instanceGroups ?? []).map((group) => block("instance_group", groupLines(group))),
    schedulingLines(config),
    map("parameters", config.parameters ?? {}, (value) => inline("value", `string_value: ${quote(value)}`)),
  ];
}

function inputLines(input: TensorSpec): string[] {
  return [
    ...tensorLines("Input", input),
    ...given(input.optional, (optional) => [`optional: ${String(optional)}`]),
  ];
}

function outputLines(output: TensorSpec): string[] {
  if (output.optional !== true) return tensorLines("Output", output);
  throw refuse(
    `Output ${JSON.stringify(output.name)} is optional; expected only inputs to be.`,
    "Leave optional out; a request that does not ask for an output does not get it.",
  );
}

function tensorLines(role: string, { name, datatype, dims }: TensorSpec): string[] {
  if (dims.length === 0 || dims.some((dim) => dim < 1 && dim !== -1)) {
    throw refuse(
      `${role} ${JSON.stringify(name)} has dims ${formatShape(dims)}; expected one or more, each -1 or at least 1.`,
      "Write a single value as dims [1] and a free size as -1.",
    );
  }
  return [`name: ${quote(name)}`, `data_type: ${toConfigType(datatype)}`, list("dims", dims, INT64)];
}

function groupLines({ count, kind, gpus = [] }: InstanceGroup): string[] {
  return [
    `count: ${integer("count", count, { ...COUNT32, min: 1 })}`,
    `kind: ${kind}`,
    ...(gpus.length === 0 ? [] : [list("gpus", gpus, COUNT32)]),
  ];
}

/** Both are members of one oneof: a text with the two does not parse. */
function schedulingLines({ dynamicBatching, ensembleSteps }: ModelConfig): readonly string[] {
  if (dynamicBatching !== undefined && ensembleSteps !== undefined) {
    throw refuse(
      "It has dynamicBatching and ensembleSteps; expected at most one of them.",
      "Batch in the models of the steps; an ensemble has no queue of its own.",
    );
  }
  return [
    ...given(dynamicBatching, ({ defaultQueuePolicy }) =>
      block(
        "dynamic_batching",
        given(defaultQueuePolicy, (policy) => block("default_queue_policy", queueLines(policy))),
      ),
    ),
    ...given(ensembleSteps, (steps) =>
      block(
        "ensemble_scheduling",
        steps.flatMap((step) => block("step", stepLines(step))),
      ),
    ),
  ];
}

function queueLines(policy: QueuePolicy): string[] {
  return [
    ...given(policy.timeoutAction, (action) => [`timeout_action: ${action}`]),
    ...given(policy.defaultTimeoutMicroseconds, (timeout) => [
      `default_timeout_microseconds: ${integer("default_timeout_microseconds", timeout, UINT64)}`,
    ]),
    ...given(policy.allowTimeoutOverride, (allow) => [`allow_timeout_override: ${String(allow)}`]),
    ...given(policy.maxQueueSize, (size) => [`max_queue_size: ${integer("max_queue_size", size, UINT32)}`]),
  ];
}

function stepLines(step: EnsembleStep): string[] {
  const value = (tensor: string): string => `value: ${quote(tensor)}`;
  return [
    `model_name: ${quote(step.modelName)}`,
    `model_version: ${integer("model_version", step.modelVersion, INT64)}`,
    ...map("input_map", step.inputMap, value),
    ...map("output_map", step.outputMap, value),
  ];
}
