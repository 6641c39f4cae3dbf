export { pause, throwIfCancelled } from "./cancel.ts";
export { ERROR_CODES, type ErrorCode } from "./codes.ts";
export {
  type ErrorDetails,
  type Finding,
  isTriptychError,
  type Position,
  systemErrorCode,
  TriptychError,
  type TriptychErrorOptions,
  toTriptychError,
} from "./triptych-error.ts";
