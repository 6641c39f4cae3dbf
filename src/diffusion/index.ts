export {
  expertBytes,
  expertParameters,
  type Flops,
  flopsPerPass,
  WEIGHT_BYTES,
  type WeightPrecision,
} from "./cost.ts";
export { FAMILIES, type Family, type FamilyName, type TransformerFacts, type Video } from "./families.ts";
export { findGpu, GPUS, type Gpu } from "./gpus.ts";
export {
  activationBytes,
  type DenoiseBounds,
  denoiseBound,
  denoiseBounds,
  type Passes,
  PUBLISHED_UTILISATION,
} from "./roofline.ts";
export { type Expert, type Sampler, type SolverName } from "./sampler.ts";
export {
  type ExpertSplit,
  expertSplit,
  highNoiseSteps,
  highNoiseThreshold,
  renderSchedule,
  type Schedule,
  type ScheduleRow,
} from "./schedule.ts";
export {
  checkVideo,
  frameBytes,
  type LatentShape,
  latentBytes,
  latentShape,
  tokenCount,
  type VideoCheck,
} from "./video.ts";
