/** A model family that Triptych serves. */
export type FamilyName = "wan2.2-t2v-a14b" | "wan-tiny";

/** Size of a clip: pixels and frames. */
export interface Video {
  readonly width: number;
  readonly height: number;
  readonly frames: number;
}

/** Shape of one expert, in the terms of diffusers' `WanTransformer3DModel`. */
export interface TransformerFacts {
  /** Model width, heads × head size. */
  readonly dim: number;
  readonly heads: number;
  readonly layers: number;
  /** Width of the feed-forward middle. */
  readonly ffn: number;
  /** Width of the sinusoidal timestep embedding (`freq_dim`). */
  readonly frequencies: number;
  /** Channels the patch embedding reads: the latent's, and position channels where a family has them. */
  readonly inputChannels: number;
}

/** What is true of every pipeline of a family, whatever its spec says. */
export interface Family {
  readonly name: FamilyName;
  readonly latentChannels: number;
  /** How many frames (after the first) and pixels become one latent cell. */
  readonly vaeStride: { readonly temporal: number; readonly spatial: number };
  /** Latent cells that become one token: time, height, width. */
  readonly patch: readonly [time: number, height: number, width: number];
  /** Length and width of CONTEXT. */
  readonly text: { readonly tokens: number; readonly dim: number };
  readonly transformer: TransformerFacts;
  /** The sizes the model was trained for. */
  readonly sizes: readonly { readonly width: number; readonly height: number }[];
  /** The one video the family can make, where it cannot make others. */
  readonly only?: Video;
  /** Parameters of the models beside the experts; an expert's are counted from its shape. */
  readonly parameters: { readonly textEncoder: number; readonly vae: number; readonly vaeDecoder: number };
}

/**
 * Wan2.2-T2V-A14B: two dense 14.3 B experts, umT5-XXL, the VAE of Wan2.1.
 *
 * Sources: `wan/configs/wan_t2v_A14B.py` and `wan/configs/__init__.py` (sizes) of Wan-Video/Wan2.2; parameters
 * counted on diffusers' `WanTransformer3DModel`, `AutoencoderKLWan` and transformers' `UMT5EncoderModel`.
 */
const WAN22_T2V_A14B: Family = {
  name: "wan2.2-t2v-a14b",
  latentChannels: 16,
  vaeStride: { temporal: 4, spatial: 8 },
  patch: [1, 2, 2],
  text: { tokens: 512, dim: 4096 },
  transformer: { dim: 5120, heads: 40, layers: 40, ffn: 13_824, frequencies: 256, inputChannels: 16 },
  sizes: [
    { width: 1280, height: 720 },
    { width: 720, height: 1280 },
    { width: 832, height: 480 },
    { width: 480, height: 832 },
  ],
  parameters: { textEncoder: 5_680_910_336, vae: 126_892_531, vaeDecoder: 73_295_603 },
};

/**
 * wan-tiny: the same classes at toy size, trained by this project's own tools for 64×64 clips of 17 frames.
 * Three constant position channels are added to each latent inside the expert's graph.
 */
const WAN_TINY: Family = {
  name: "wan-tiny",
  latentChannels: 16,
  vaeStride: { temporal: 4, spatial: 8 },
  patch: [1, 2, 2],
  text: { tokens: 32, dim: 96 },
  transformer: { dim: 128, heads: 4, layers: 6, ffn: 384, frequencies: 64, inputChannels: 19 },
  sizes: [{ width: 64, height: 64 }],
  only: { width: 64, height: 64, frames: 17 },
  parameters: { textEncoder: 203_488, vae: 2_680_764, vaeDecoder: 1_647_612 },
};

/** All families by name. */
export const FAMILIES: Readonly<Record<FamilyName, Family>> = {
  "wan2.2-t2v-a14b": WAN22_T2V_A14B,
  "wan-tiny": WAN_TINY,
};
