import { FAMILIES } from "../../diffusion/index.ts";
import { readServedPath } from "../artifacts/paths.ts";
import { type Evidence, mostCommon, numberOf } from "./evidence.ts";
import type { FoundManifest } from "./types.ts";

/** The family, by the size of its text embeddings. */
export function familyOf(evidence: Evidence): string | undefined {
  const dims = evidence.commonDims("CONTEXT");
  const [, tokens, dim] = dims ?? [];
  const found = Object.values(FAMILIES).find(({ text }) => text.tokens === tokens && text.dim === dim);
  if (found !== undefined) return found.name;
  const known = Object.values(FAMILIES).map(({ name, text }) => `2, ${text.tokens}, ${text.dim} (${name})`);
  evidence.miss("models/text_encoder/config.pbtxt: CONTEXT", known.join(" or "), dims?.join(", "));
  return undefined;
}

/** Size and pace of a clip. */
export function videoOf(evidence: Evidence): object {
  const dims = evidence.commonDims("FRAMES");
  const [frames, height, width] = dims ?? [];
  if (width === undefined) {
    const expected = "frames, height, width, 3";
    evidence.miss("models/vae_decoder/config.pbtxt: FRAMES", expected, dims?.join(", "));
  }
  const text = evidence.parameter("video_encoder", "fps");
  const fps = numberOf(text);
  if (fps === undefined) {
    const place = 'models/video_encoder/config.pbtxt: parameters["fps"]';
    evidence.miss(place, "frames per second", text);
  }
  return { width, height, frames, fps };
}

/** What serves the pipeline. */
export function targetOf(
  evidence: Evidence,
  { runtime, triton }: FoundManifest,
): Readonly<Record<string, unknown>> {
  const gpu = mostCommon(evidence.names.flatMap((name) => gpuOf(evidence, name)));
  const threads = numberOf(evidence.commonParameter("intra_op_num_threads")) ?? 1;
  return {
    runtime,
    triton,
    ...(gpu === undefined ? {} : { gpu }),
    experts: evidence.commonParameter("residency"),
    ...(threads === 1 ? {} : { threads }),
  };
}

function gpuOf(evidence: Evidence, model: string): string[] {
  const { source } = evidence.model(model) ?? {};
  const gpu = source === undefined ? undefined : readServedPath(source, model)?.gpu;
  return gpu === undefined ? [] : [gpu];
}

/** Settings of the MP4; what cannot be read is left to its default. */
export function videoEncoderOf(evidence: Evidence): object {
  const text = (key: string): string | undefined => evidence.parameter("video_encoder", key);
  const [codec, crf, enlarge] = [text("codec"), numberOf(text("crf")), numberOf(text("enlarge"))];
  return {
    ...(codec === undefined ? {} : { codec }),
    ...(crf === undefined ? {} : { crf }),
    ...(enlarge === undefined ? {} : { enlarge }),
  };
}
