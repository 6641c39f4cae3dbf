import { TriptychError } from "../errors/index.ts";
import { parseTensorRtVersion, type TensorRtVersion } from "./version.ts";

/** Which TensorRT a container release carries, and who says so. */
export interface ContainerTensorRt {
  readonly version: TensorRtVersion;
  /** `nvidia`: NVIDIA's own files say it. `third-party`: only others do; confirm it in the image. */
  readonly said: "nvidia" | "third-party";
}

/** `nvcr.io/nvidia/tritonserver:YY.MM-py3`; the `-trtllm-` images carry other releases. */
const IMAGES: Readonly<Record<string, readonly [version: string, said: ContainerTensorRt["said"]]>> = {
  "25.06": ["10.11.0.33", "third-party"],
  "25.10": ["10.13.3", "third-party"],
  "26.04": ["10.16.1", "third-party"],
  "26.05": ["10.16.1.11", "third-party"],
  "26.06": ["11.0.0", "nvidia"],
  "26.07": ["11.1.0.106", "nvidia"],
  "26.08": ["11.2.1.2", "third-party"],
};

/**
 * The TensorRT of a container release such as `26.08`.
 *
 * @throws TriptychError `plan-impossible` for a release that is not in the table.
 */
export function containerTensorRt(release: string): ContainerTensorRt {
  const found = Object.hasOwn(IMAGES, release) ? IMAGES[release] : undefined;
  if (found !== undefined) return { version: parseTensorRtVersion(found[0]), said: found[1] };
  throw new TriptychError(
    "plan-impossible",
    `which TensorRT the container ${release} carries is not known here`,
    {
      hint: `write it in the spec as target.tensorrt, or choose one of ${Object.keys(IMAGES).join(", ")}`,
    },
  );
}
