import { expertBytes, FAMILIES, type FamilyName, type WeightPrecision } from "../diffusion/index.ts";

/** Blocks that stay in 16 bit in an 8-bit expert: the first and last three, by NVIDIA's own list for Wan. */
const KEPT_BLOCKS = 6;

/** Bytes of one expert as it is served, with the blocks that are not quantised by default. */
export function servedExpertBytes(family: FamilyName, precision: WeightPrecision): number {
  return expertBytes(FAMILIES[family], precision, family === "wan-tiny" ? 0 : KEPT_BLOCKS);
}
