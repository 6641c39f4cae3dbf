import { type WriteRefusal, writeOutput } from "../../files/index.ts";
import type { AnyOutputs } from "../inference/untyped.ts";
import { bytes, odd, optionalOutput } from "./outputs.ts";
import { pipeClip } from "./pipe.ts";
import type { Clip } from "./types.ts";

const REFUSAL: WriteRefusal = { code: "output-unwritable", hint: "choose another place for the file" };

/** The clip in the outputs of either front door, with what is known of its making. */
export function readClip(outputs: AnyOutputs, made: Pick<Clip, "used" | "stages" | "timings">): Clip {
  const video = bytes(outputs, "VIDEO");
  if (video.length === 0) throw odd("VIDEO", "expected an MP4, got 0 bytes");
  const frames = optionalOutput(outputs, "FRAMES", "UINT8");
  const latent = optionalOutput(outputs, "LATENT", "FP32");
  return {
    video,
    ...(frames === undefined ? {} : { frames }),
    ...(latent === undefined ? {} : { latent }),
    ...made,
    save: (path) => writeOutput(path, video, REFUSAL),
    pipeTo: (target, options) => pipeClip({ video, frames }, target, options),
  };
}
