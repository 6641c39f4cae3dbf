export type {
  Artifact,
  ArtifactForm,
  ArtifactInput,
  ArtifactStep,
  EngineStep,
  ToolStep,
  ToolWord,
} from "./artifacts/types.ts";
export {
  type FitVerdict,
  fitOf,
  type HostFit,
  type MemoryFit,
  type PipelineFit,
  type Range,
  type Residency,
  type TimeFit,
  type VariantFit,
} from "./fit.ts";
export { transferBytes } from "./memory.ts";
export { planPipeline } from "./plan.ts";
export { type Proposal, proposalsFor } from "./propose.ts";
export { recoverSpec } from "./recover/recover.ts";
export type {
  AssumedSetting,
  FoundModel,
  FoundRepository,
  ShapeGap,
} from "./recover/types.ts";
export { scheduleText } from "./schedule-text.ts";
export type { LinkedFile, ModelPlan, PipelinePlan, ScheduleSet } from "./types.ts";
