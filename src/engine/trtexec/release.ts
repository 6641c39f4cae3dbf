import { TriptychError } from "../../errors/index.ts";
import {
  type EngineBuildConfig,
  formatTensorRtVersion,
  isSameRelease,
  parseTensorRtVersion,
  type TensorRtVersion,
} from "../../tensorrt/index.ts";

/** True for the release that a version asks for; one of two numbers asks for its minor alone. */
export function isAskedRelease(tensorrt: string, built: TensorRtVersion): boolean {
  const asked = parseTensorRtVersion(tensorrt);
  const anyPatch = /^\d+\.\d+$/.test(tensorrt);
  return isSameRelease(built, anyPatch ? { ...asked, patch: built.patch } : asked);
}

/** The error for a trtexec, or a plan of it, that is of another release than the build asks for. */
export function releaseMismatch(
  { tensorrt }: Pick<EngineBuildConfig, "tensorrt">,
  built: TensorRtVersion,
): TriptychError | undefined {
  if (isAskedRelease(tensorrt, built)) return undefined;
  const message = `trtexec is of TensorRT ${formatTensorRtVersion(built)}, and the target has ${tensorrt}`;
  return new TriptychError("engine-invalid", message, {
    hint: "an engine loads in the release that built it: build inside the target's own container",
  });
}
