export type { Contract, ModelContract, VariantContract } from "./contract.ts";
export { type ContractSource, contractOf } from "./contract-of.ts";
export { type PrintOptions, printModelConfig } from "./print.ts";
export type { EnsembleStep, InstanceGroup, ModelConfig, QueuePolicy } from "./types.ts";
