export { requireConsistent, STUDIO_NAMES } from "./check-contract.ts";
export type {
  Contract,
  ModelContract,
  PipelineContract,
  TensorContract,
  VariantContract,
} from "./contract.ts";
export { type ContractSource, contractOf } from "./contract-of.ts";
export { type DescribedModel, modelContractOf } from "./described-model.ts";
export { diffModelConfigs, type FieldDifference } from "./diff.ts";
export { type PrintOptions, printModelConfig, printModelConfigMessage } from "./print.ts";
export { inspectModelConfig, type ModelConfigText, readModelConfig } from "./read/read.ts";
export type { ModelConfigMessage } from "./schema/schema.gen.ts";
export { MODEL_CONFIG_SCHEMA } from "./schema/schema.ts";
export type { EnsembleStep, InstanceGroup, ModelConfig, QueuePolicy } from "./types.ts";
