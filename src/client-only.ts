// What `triptych-sdk/client` is: the client without the rest of the SDK, with what its calls are made of and fail with.
export * from "./client/index.ts";
export {
  type ErrorCode,
  type Finding,
  isTriptychError,
  type Position,
  TriptychError,
} from "./errors/index.ts";
export type {
  Contract,
  ModelContract,
  PipelineContract,
  TensorContract,
  VariantContract,
} from "./model-config/index.ts";
export {
  booleansOf,
  type Datatype,
  type ShapeOf,
  shaped,
  stringsOf,
  type Tensor,
  type TensorSpec,
  tensor,
} from "./tensor/index.ts";
