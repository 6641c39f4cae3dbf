import type { Contract } from "../../model-config/index.ts";

const DOOR_INPUTS = [
  { name: "PROMPT", datatype: "BYTES", dims: [1] },
  { name: "SEED", datatype: "INT64", dims: [1] },
  { name: "STEPS", datatype: "INT32", dims: [1], optional: true },
] as const;

const GUIDANCE_INPUTS = [
  { name: "NEGATIVE_PROMPT", datatype: "BYTES", dims: [1], optional: true },
  { name: "GUIDANCE_HIGH_NOISE", datatype: "FP32", dims: [1], optional: true },
  { name: "GUIDANCE_LOW_NOISE", datatype: "FP32", dims: [1], optional: true },
] as const;

const CLIP_OUTPUTS = [
  { name: "VIDEO", datatype: "BYTES", dims: [1] },
  { name: "FRAMES", datatype: "UINT8", dims: [2, 4, 4, 3] },
  { name: "LATENT", datatype: "FP32", dims: [2, 1, 2, 2] },
] as const;

const STREAM_OUTPUTS = [
  { name: "STAGE", datatype: "BYTES", dims: [1] },
  { name: "STEP", datatype: "INT32", dims: [1] },
  { name: "STEPS", datatype: "INT32", dims: [1] },
  { name: "ELAPSED_US", datatype: "INT64", dims: [1] },
  { name: "PREVIEW", datatype: "UINT8", dims: [2, 2, 3] },
  ...CLIP_OUTPUTS,
] as const;

/** A contract with one model of every kind, for tests. */
export const toy = {
  pipeline: "toy",
  video: { width: 4, height: 4, frames: 2, fps: 8 },
  variants: {
    draft: { ensemble: "draft", stream: "draft_stream", steps: [4], guidance: false },
    final: { ensemble: "final", stream: "final_stream", steps: [20, 40], guidance: true },
  },
  models: {
    draft: { inputs: DOOR_INPUTS, outputs: CLIP_OUTPUTS, decoupled: false, maxBatchSize: 0 },
    draft_stream: { inputs: DOOR_INPUTS, outputs: STREAM_OUTPUTS, decoupled: true, maxBatchSize: 0 },
    final: {
      inputs: [...DOOR_INPUTS, ...GUIDANCE_INPUTS],
      outputs: CLIP_OUTPUTS,
      decoupled: false,
      maxBatchSize: 0,
    },
    final_stream: {
      inputs: [...DOOR_INPUTS, ...GUIDANCE_INPUTS],
      outputs: STREAM_OUTPUTS,
      decoupled: true,
      maxBatchSize: 0,
    },
    text_encoder: {
      inputs: [
        { name: "TOKEN_IDS", datatype: "INT64", dims: [2, -1] },
        { name: "TOKEN_MASK", datatype: "INT64", dims: [2, -1], optional: true },
      ],
      outputs: [
        { name: "CONTEXT", datatype: "FP32", dims: [2, -1] },
        { name: "POOLED", datatype: "FP16", dims: [2] },
      ],
      decoupled: false,
      maxBatchSize: 0,
    },
    batched: {
      inputs: [
        { name: "A", datatype: "FP32", dims: [2] },
        { name: "B", datatype: "FP32", dims: [1], optional: true },
      ],
      outputs: [{ name: "SUM", datatype: "FP32", dims: [1] }],
      decoupled: false,
      maxBatchSize: 4,
    },
  },
} as const satisfies Contract;
