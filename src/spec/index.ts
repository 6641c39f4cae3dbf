export { parseSpec } from "./parse.ts";
export { type GuidanceSetting, type PrecisionName, SPEC_SCHEMA } from "./schema/index.ts";
export type { ExpertName, ExpertSpec, PipelineSpec, VariantSpec, WeightsRecipe } from "./types.ts";
