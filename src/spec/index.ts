export { parseSpec } from "./parse.ts";
export { type GuidanceSetting, type PrecisionName, SPEC_SCHEMA } from "./schema.ts";
export type { PipelineSpec, VariantSpec } from "./types.ts";
