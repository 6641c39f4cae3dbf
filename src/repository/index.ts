export { renderContract } from "./contract.ts";
export { contractOfFolder, type FolderContract } from "./contract-of-folder.ts";
export { type Drift, diffRepository, foreignModels } from "./drift.ts";
export {
  type ImportedRepository,
  type ImportedSpec,
  type ImportOptions,
  importRepository,
} from "./import/import.ts";
export type { ImportLoss } from "./import/loss.ts";
export type { FolderOptions } from "./read-configs.ts";
export { type Files, MODELS_FOLDER, type RepositoryManifest, renderRepository } from "./render.ts";
export { readRuntime } from "./runtime.ts";
export { checkWeights, diffWeights, linkWeights, refuseWeights, type WeightProblem } from "./weights.ts";
export { writeRepository } from "./write.ts";
