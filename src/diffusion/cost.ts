import type { Family, TransformerFacts, Video } from "./families.ts";
import { tokenCount } from "./video.ts";

/** Precision that weights are stored in. */
export type WeightPrecision = "fp32" | "fp16" | "bf16" | "int8" | "fp8";

/** Operations of one pass through an expert; a multiply-add counts as 2. */
export interface Flops {
  /** Matrix products with weights: what INT8 weights can speed up. */
  readonly linear: number;
  /** Products of queries, keys and values. */
  readonly attention: number;
  readonly total: number;
}

/** Bytes of one weight. */
export const WEIGHT_BYTES: Readonly<Record<WeightPrecision, number>> = {
  fp32: 4,
  fp16: 2,
  bf16: 2,
  int8: 1,
  fp8: 1,
};

/** Parameters of one expert, counted from its shape as diffusers' `WanTransformer3DModel` has them. */
export function expertParameters(family: Family): number {
  return family.transformer.layers * blockParameters(family.transformer) + outerParameters(family);
}

/**
 * Bytes of the weights of one expert.
 *
 * @param sixteenBitBlocks - blocks that an INT8 or FP8 expert keeps in 16 bit; embedders and head are then kept as well
 */
export function expertBytes(family: Family, precision: WeightPrecision, sixteenBitBlocks = 0): number {
  const all = expertParameters(family) * WEIGHT_BYTES[precision];
  if (WEIGHT_BYTES[precision] !== 1 || sixteenBitBlocks === 0) return all;
  return all + sixteenBitBlocks * blockParameters(family.transformer) + outerParameters(family);
}

/**
 * Operations of one pass: self-attention and feed-forward over the video tokens, cross-attention to the text.
 * A step with guidance is two passes. Embedders and head, well under 1 %, are left out.
 */
export function flopsPerPass(family: Family, video: Video): Flops {
  const { dim, ffn, layers } = family.transformer;
  const tokens = tokenCount(family, video);
  const onVideo = 2 * tokens * (6 * dim * dim + 2 * dim * ffn);
  const onText = 2 * family.text.tokens * 2 * dim * dim;
  const linear = layers * (onVideo + onText);
  const attention = layers * 4 * dim * tokens * (tokens + family.text.tokens);
  return { linear, attention, total: linear + attention };
}

/** Two attentions (QKVO with bias, two RMS norms each), a norm, the feed-forward, the modulation table. */
function blockParameters({ dim, ffn }: TransformerFacts): number {
  const attention = 4 * linearParameters(dim, dim) + 2 * dim;
  const feedForward = linearParameters(dim, ffn) + linearParameters(ffn, dim);
  return 2 * attention + 2 * dim + feedForward + 6 * dim;
}

/** Patch, text and time embedders, the time projection, and the head with its modulation table. */
function outerParameters({ transformer, latentChannels, patch, text }: Family): number {
  const { dim, frequencies, inputChannels } = transformer;
  const cells = patch.reduce((product, size) => product * size, 1);
  const embedders =
    linearParameters(inputChannels * cells, dim) +
    linearParameters(text.dim, dim) +
    linearParameters(frequencies, dim) +
    2 * linearParameters(dim, dim);
  return embedders + linearParameters(dim, 6 * dim) + linearParameters(dim, latentChannels * cells) + 2 * dim;
}

function linearParameters(from: number, to: number): number {
  return from * to + to;
}
