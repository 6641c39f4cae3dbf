export { keyArguments, trtexecArguments } from "./arguments.ts";
export type {
  EngineBuildConfig,
  EngineBuildConfig10,
  EngineBuildConfig11,
  HardwareCompatibility,
  InputShapes,
  ShapeProfile,
} from "./build-config.ts";
export { type ContainerTensorRt, containerTensorRt } from "./container.ts";
export { type LayerSummary, summariseLayers } from "./layers.ts";
export { readTrtexecLine, type TrtexecEvent } from "./log.ts";
export { PLAN_HEADER_BYTES, readPlanHeader } from "./plan-header.ts";
export { readShapeArguments } from "./shapes.ts";
export {
  formatTensorRtVersion,
  isSameRelease,
  parseTensorRtVersion,
  type TensorRtMajor,
  type TensorRtVersion,
  type TensorRtVersionText,
} from "./version.ts";
