import type { Rule } from "../types.ts";
import { ACCESS_RULES } from "./access.ts";
import { MODEL_CHECKS } from "./all.ts";
import { REPOSITORY_RULES } from "./repository.ts";

/** Every rule there is. */
export const RULES: readonly Rule[] = [...MODEL_CHECKS, ...REPOSITORY_RULES, ...ACCESS_RULES];
