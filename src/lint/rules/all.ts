import { BATCHING_RULES } from "./batching.ts";
import type { CheckedRule } from "./define.ts";
import { LAYOUT_RULES } from "./layout.ts";
import { MODEL_RULES } from "./model.ts";
import { SEQUENCE_RULES } from "./sequence.ts";
import { TEXT_RULES } from "./text.ts";
import { TRANSACTION_RULES } from "./transaction.ts";

/** Every rule that looks at models; those of one letter side by side. */
export const MODEL_CHECKS: readonly CheckedRule[] = [
  ...TEXT_RULES,
  ...LAYOUT_RULES,
  ...MODEL_RULES,
  ...BATCHING_RULES,
  ...SEQUENCE_RULES,
  ...TRANSACTION_RULES,
];
