// For people who serve, call and measure a pipeline.
export * from "./bench/index.ts";
export * from "./client-only.ts";
export {
  type Expert,
  FAMILIES,
  GPUS,
  type Gpu,
  renderSchedule,
  type Sampler,
  type Schedule,
  type ScheduleRow,
} from "./diffusion/index.ts";
export * from "./engine/index.ts";
export {
  type CheckResult,
  evaluateGate,
  GATE_SCHEMA,
  type Gate,
  type GateEvidence,
  type GateKnowledge,
  type GateReport,
  parseGate,
  type RatioEstimate,
  VERDICT_SCHEMA,
  type Verdict as GateVerdict,
} from "./gate/index.ts";
export * from "./lint/index.ts";
export {
  type EnsembleStep,
  type InstanceGroup,
  inspectModelConfig,
  type ModelConfig,
  type ModelConfigMessage,
  type ModelConfigText,
  printModelConfig,
  printModelConfigMessage,
  type QueuePolicy,
  readModelConfig,
} from "./model-config/index.ts";
export {
  type Artifact,
  type ArtifactForm,
  type ArtifactInput,
  type ArtifactStep,
  type AssumedSetting,
  fitOf,
  type LinkedFile,
  type MemoryFit,
  type ModelPlan,
  type PipelineFit,
  type PipelinePlan,
  type Proposal,
  planPipeline,
  proposalsFor,
  type ScheduleSet,
  type ShapeGap,
  type TimeFit,
  type VariantFit,
} from "./plan/index.ts";
export {
  checkWeights,
  contractOfFolder,
  type Drift,
  diffRepository,
  diffWeights,
  type Files,
  type FolderContract,
  type FolderOptions,
  foreignModels,
  type ImportedRepository,
  type ImportedSpec,
  type ImportLoss,
  type ImportOptions,
  importRepository,
  linkWeights,
  type RepositoryManifest,
  readRuntime,
  refuseWeights,
  renderContract,
  renderRepository,
  type WeightProblem,
  writeRepository,
} from "./repository/index.ts";
export * from "./server/index.ts";
// For people who build on the pieces: spec → plan → repository → server.
export {
  type ExpertName,
  type ExpertSpec,
  type PipelineSpec,
  parseSpec,
  SPEC_SCHEMA,
  type VariantSpec,
  type WeightsRecipe,
} from "./spec/index.ts";
export * from "./tensorrt/index.ts";
