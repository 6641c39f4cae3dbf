export { renderContract } from "./contract.ts";
export { type Drift, diffRepository } from "./drift.ts";
export { type Files, MODELS_FOLDER, type RepositoryManifest, renderRepository } from "./render.ts";
export { readRuntime } from "./runtime.ts";
export { checkWeights, linkWeights, refuseWeights, type WeightProblem } from "./weights.ts";
export { writeRepository } from "./write.ts";
