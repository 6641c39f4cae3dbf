import { type WriteRefusal, writeOutput } from "../../files/index.ts";
import type { AnyOutputs } from "../inference/untyped.ts";
import { bytes, optionalOutput } from "./outputs.ts";
import type { Clip, StageTime, UsedSettings } from "./types.ts";

const REFUSAL: WriteRefusal = { code: "output-unwritable", hint: "choose another place for the file" };

/** The clip in the outputs of either front door. */
export function readClip(outputs: AnyOutputs, used: UsedSettings, stages: readonly StageTime[]): Clip {
  const video = bytes(outputs, "VIDEO");
  const frames = optionalOutput(outputs, "FRAMES", "UINT8");
  const latent = optionalOutput(outputs, "LATENT", "FP32");
  return {
    video,
    ...(frames === undefined ? {} : { frames }),
    ...(latent === undefined ? {} : { latent }),
    stages,
    used,
    save: (path) => writeOutput(path, video, REFUSAL),
  };
}
