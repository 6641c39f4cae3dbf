import type { Rule } from "../types.ts";
import { ACCESS_RULES } from "./access.ts";
import { MODEL_CHECKS } from "./all.ts";

/** Every rule there is. */
export const RULES: readonly Rule[] = [...MODEL_CHECKS, ...ACCESS_RULES];
