export { transferBytes } from "./memory.ts";
export { planPipeline } from "./plan.ts";
export type { Artifact, LinkedFile, ModelPlan, PipelinePlan, ScheduleSet } from "./types.ts";
