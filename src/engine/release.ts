import { TriptychError } from "../errors/index.ts";
import {
  type EngineBuildConfig,
  formatTensorRtVersion,
  isSameRelease,
  parseTensorRtVersion,
  type TensorRtVersion,
} from "../tensorrt/index.ts";

/** The error for a trtexec, or a plan of it, that is of another release than the build asks for. */
export function releaseMismatch(
  { tensorrt }: EngineBuildConfig,
  built: TensorRtVersion,
): TriptychError | undefined {
  const asked = parseTensorRtVersion(tensorrt);
  // A version of two numbers asks for its minor alone.
  const anyPatch = /^\d+\.\d+$/.test(tensorrt);
  if (isSameRelease(built, anyPatch ? { ...asked, patch: built.patch } : asked)) return undefined;
  const message = `trtexec is of TensorRT ${formatTensorRtVersion(built)}, and the target has ${tensorrt}`;
  return new TriptychError("engine-invalid", message, {
    hint: "an engine loads in the release that built it: build inside the target's own container",
  });
}
