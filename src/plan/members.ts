import type { PipelineSpec } from "../spec/index.ts";
import { networkModel, pythonModel } from "./runtime.ts";
import type { Tensors } from "./tensors.ts";
import type { ModelPlan } from "./types.ts";

/** Tokenizer of the family: id of its padding, and the negative prompt of a request that gives none. */
const TOKENIZERS = {
  "wan-tiny": { padId: 0, negativePrompt: "" },
  // Wan's own long default, which its experts were guided with.
  "wan2.2-t2v-a14b": {
    padId: 0,
    negativePrompt:
      "色调艳丽，过曝，静态，细节模糊不清，字幕，风格，作品，画作，画面，静止，整体发灰，最差质量，低质量，JPEG压缩残留，" +
      "丑陋的，残缺的，多余的手指，画得不好的手部，画得不好的脸部，畸形的，毁容的，形态畸形的肢体，手指融合，静止不动的画面，" +
      "杂乱的背景，三条腿，背景人很多，倒着走",
  },
} as const;

/** The negative prompt of a request that gives none. */
export function negativePrompt(family: PipelineSpec["family"]): string {
  return TOKENIZERS[family].negativePrompt;
}

function tokenizer(spec: PipelineSpec, tensors: Tensors): ModelPlan {
  const { padId, negativePrompt } = TOKENIZERS[spec.family];
  const network = {
    name: "tokenizer",
    inputs: [tensors.prompt, tensors.negativePrompt],
    outputs: [tensors.tokenIds, tensors.tokenMask],
  };
  const parameters = { tokenizer: "tokenizer.json", pad_id: String(padId), negative_prompt: negativePrompt };
  return {
    ...pythonModel("tokenizer", network, parameters),
    links: [{ name: "tokenizer.json", source: "tokenizer/tokenizer.json" }],
  };
}

function videoEncoder(spec: PipelineSpec, tensors: Tensors): ModelPlan {
  const { codec, crf, enlarge } = spec.stages.videoEncoder;
  const network = { name: "video_encoder", inputs: [tensors.frames], outputs: [tensors.video] };
  const parameters = {
    codec,
    crf: String(crf),
    enlarge: String(enlarge),
    fps: String(spec.video.fps),
  };
  return { ...pythonModel("video_encoder", network, parameters), links: [] };
}

/** The models that every variant of a pipeline shares. */
export function sharedMembers(spec: PipelineSpec, tensors: Tensors): ModelPlan[] {
  const textEncoder = {
    name: "text_encoder",
    inputs: [tensors.tokenIds, tensors.tokenMask],
    outputs: [tensors.context],
  };
  const vaeDecoder = { name: "vae_decoder", inputs: [tensors.latent], outputs: [tensors.frames] };
  const base = (stage: "textEncoder" | "vaeDecoder") => ({ ...spec.stages[stage], weights: "base" });
  return [
    tokenizer(spec, tensors),
    networkModel(spec, textEncoder, base("textEncoder")),
    networkModel(spec, vaeDecoder, base("vaeDecoder")),
    videoEncoder(spec, tensors),
  ];
}
