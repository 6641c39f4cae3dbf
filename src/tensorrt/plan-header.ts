import { TriptychError } from "../errors/index.ts";
import type { TensorRtVersion } from "./version.ts";

/** Bytes of a plan that {@link readPlanHeader} needs. */
export const PLAN_HEADER_BYTES = 28;

/** "ftrt", little-endian. */
const TAG = 0x74727466;

/**
 * Which TensorRT built a plan, from its first bytes: no GPU and no TensorRT is needed to tell.
 *
 * @param name - the file, for the message
 * @throws TriptychError `engine-invalid` for what is no plan.
 */
export function readPlanHeader(bytes: Uint8Array, name: string): TensorRtVersion {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < PLAN_HEADER_BYTES) {
    throw notAPlan(
      name,
      `it has ${bytes.byteLength} bytes, and a plan's header alone has ${PLAN_HEADER_BYTES}`,
    );
  }
  const tag = view.getUint32(0, true);
  if (tag !== TAG) {
    throw notAPlan(
      name,
      `it begins with 0x${tag.toString(16).padStart(8, "0")}, not with 0x${TAG.toString(16)}`,
    );
  }
  const format = view.getUint32(4, true);
  if (format !== 0) throw notAPlan(name, `its serialization is version ${format}, and only 0 is known`);
  const [major = 0, minor = 0, patch = 0, build = 0] = bytes.subarray(24, PLAN_HEADER_BYTES);
  return { major, minor, patch, build };
}

function notAPlan(name: string, reason: string): TriptychError {
  return new TriptychError("engine-invalid", `${name} is no TensorRT plan: ${reason}`, {
    hint: "build it again; a tool that puts bytes before the plan makes it useless to Triton",
  });
}
