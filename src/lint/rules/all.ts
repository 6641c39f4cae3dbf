import { BATCH_TENSOR_RULES } from "./batch-tensors.ts";
import { BATCHING_RULES } from "./batching.ts";
import { BEYOND_RULES } from "./beyond.ts";
import { CACHE_RULES } from "./cache.ts";
import { COMPLETION_RULES } from "./completion.ts";
import { COMPOSITION_RULES } from "./composition.ts";
import { DEAD_OUTPUT_RULES } from "./dead-outputs.ts";
import type { CheckedRule } from "./define.ts";
import { ENGINE_PROFILE_RULES } from "./engine-profiles.ts";
import { ENGINE_RULES } from "./engines.ts";
import { ENSEMBLE_RULES } from "./ensemble.ts";
import { INSTANCE_RULES } from "./instances.ts";
import { LAYOUT_RULES } from "./layout.ts";
import { LIMIT_RULES } from "./limits.ts";
import { METRIC_TAG_RULES } from "./metric-tags.ts";
import { MODEL_RULES } from "./model.ts";
import { PYTHON_RULES } from "./python.ts";
import { PYTHON_ENVIRONMENT_RULES } from "./python-environment.ts";
import { SEQUENCE_RULES } from "./sequence.ts";
import { STATE_RULES } from "./states.ts";
import { TENSOR_RULES } from "./tensors.ts";
import { TEXT_RULES } from "./text.ts";
import { TRANSACTION_RULES } from "./transaction.ts";
import { USAGE_RULES } from "./usage.ts";
import { VERSION_RULES } from "./versions.ts";
import { WARMUP_RULES } from "./warmup.ts";

/** Every rule that looks at models; those of one letter side by side. */
export const MODEL_CHECKS: readonly CheckedRule[] = [
  ...TEXT_RULES,
  ...LAYOUT_RULES,
  ...VERSION_RULES,
  ...MODEL_RULES,
  ...BATCHING_RULES,
  ...SEQUENCE_RULES,
  ...STATE_RULES,
  ...TRANSACTION_RULES,
  ...METRIC_TAG_RULES,
  ...TENSOR_RULES,
  ...BATCH_TENSOR_RULES,
  ...INSTANCE_RULES,
  ...LIMIT_RULES,
  ...WARMUP_RULES,
  ...CACHE_RULES,
  ...ENSEMBLE_RULES,
  ...COMPOSITION_RULES,
  ...ENGINE_RULES,
  ...ENGINE_PROFILE_RULES,
  ...PYTHON_RULES,
  ...PYTHON_ENVIRONMENT_RULES,
  ...BEYOND_RULES,
  ...DEAD_OUTPUT_RULES,
  ...USAGE_RULES,
  ...COMPLETION_RULES,
];
