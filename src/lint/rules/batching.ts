import type { ModelConfigMessage } from "../../model-config/index.ts";
import { added, type CheckedRule, onBatcher } from "./define.ts";

type Batching = NonNullable<ModelConfigMessage["dynamic_batching"]>;

const IN = "dynamic_batching";
const onBatching = onBatcher(IN);

/** The queue policies with a delay that a fixed order does not allow. */
function* delays({
  default_queue_policy: first,
  priority_queue_policy: others = {},
}: Batching): Iterable<string> {
  const policies = [
    [`${IN}.default_queue_policy`, first] as const,
    ...Object.entries(others).map(
      ([key, policy]) => [`${IN}.priority_queue_policy[${key}]`, policy] as const,
    ),
  ];
  for (const [at, policy] of policies) {
    const isTimed = (policy?.default_timeout_microseconds ?? 0n) !== 0n;
    if (isTimed && policy?.timeout_action === "DELAY") yield `${at}.timeout_action`;
  }
}

/** The dynamic batcher (D). */
export const BATCHING_RULES: readonly CheckedRule[] = [
  onBatching(
    {
      id: "D101",
      phrase: "dynamic batching preferred size must be positive",
      what: "A preferred batch size is not above 0.",
      mend: "Write a size from 1 to max_batch_size.",
      example: added(
        "max_batch_size: 4\ndynamic_batching { preferred_batch_size: [ 0 ] }",
        "max_batch_size: 4\ndynamic_batching { preferred_batch_size: [ 4 ] }",
      ),
    },
    function* ({ preferred_batch_size: sizes = [] }) {
      for (const [index, size] of sizes.entries()) {
        if (size <= 0)
          yield { at: `${IN}.preferred_batch_size[${index}]`, message: "it is not positive", got: `${size}` };
      }
    },
  ),
  onBatching(
    {
      id: "D201",
      phrase: "dynamic batching preferred size must be <= max batch size",
      what: "A preferred batch size is above `max_batch_size`; with 0, every size is.",
      mend: "Raise max_batch_size, or take the size away.",
      example: added(
        "max_batch_size: 4\ndynamic_batching { preferred_batch_size: [ 8 ] }",
        "max_batch_size: 8\ndynamic_batching { preferred_batch_size: [ 8 ] }",
      ),
    },
    function* ({ preferred_batch_size: sizes = [] }, { max_batch_size: max = 0 }) {
      for (const [index, size] of sizes.entries()) {
        if (size <= 0 || size <= max) continue;
        const at = `${IN}.preferred_batch_size[${index}]`;
        yield { at, message: "it is above max_batch_size", expected: `at most ${max}`, got: `${size}` };
      }
    },
  ),
  onBatching(
    {
      id: "D301",
      phrase: "default priority level must be in range",
      what: "With priority levels, requests without one need a default among them.",
      mend: "Write default_priority_level, from 1 to priority_levels.",
      example: added(
        "dynamic_batching { priority_levels: 2 }",
        "dynamic_batching { priority_levels: 2 default_priority_level: 2 }",
      ),
    },
    function* ({ priority_levels: levels = 0n, default_priority_level: level = 0n }) {
      if (levels === 0n || (level >= 1n && level <= levels)) return;
      const at = `${IN}.default_priority_level`;
      yield { at, message: "no level by that number", expected: `1 to ${levels}`, got: `${level}` };
    },
  ),
  onBatching(
    {
      id: "D401",
      phrase: "priority queue policy must have priority level in range",
      what: "A queue policy for a priority level that there is not.",
      mend: "Give it the number of a level, from 1 to priority_levels.",
      example: added(
        "dynamic_batching { priority_levels: 2 default_priority_level: 1 priority_queue_policy { key: 3 value { max_queue_size: 4 } } }",
        "dynamic_batching { priority_levels: 2 default_priority_level: 1 priority_queue_policy { key: 2 value { max_queue_size: 4 } } }",
      ),
    },
    function* ({ priority_levels: levels = 0n, priority_queue_policy: policies = {} }) {
      if (levels === 0n) return;
      for (const key of Object.keys(policies)) {
        if (BigInt(key) >= 1n && BigInt(key) <= levels) continue;
        const at = `${IN}.priority_queue_policy[${key}]`;
        yield { at, message: "no level by that number", expected: `1 to ${levels}`, got: key };
      }
    },
  ),
  onBatching(
    {
      id: "D501",
      phrase: "Only one priority level is allowed when 'preserve_ordering' is true",
      what: "Priorities change the order that `preserve_ordering` is to keep.",
      mend: "Take one of the two away.",
      example: added(
        "dynamic_batching { preserve_ordering: true priority_levels: 2 default_priority_level: 1 }",
        "dynamic_batching { preserve_ordering: true }",
      ),
    },
    function* ({ preserve_ordering: ordered = false, priority_levels: levels = 0n }) {
      if (!ordered || levels <= 1n) return;
      yield {
        at: `${IN}.priority_levels`,
        message: "more than one level, and a fixed order",
        expected: "1",
        got: `${levels}`,
      };
    },
  ),
  onBatching(
    {
      id: "D601",
      phrase: "Queue policy can not have DELAY as timeout action",
      what: "A request that is put off changes the order that `preserve_ordering` is to keep.",
      mend: "Write timeout_action: REJECT, or take preserve_ordering away.",
      example: added(
        "dynamic_batching { preserve_ordering: true default_queue_policy { timeout_action: DELAY default_timeout_microseconds: 9 } }",
        "dynamic_batching { preserve_ordering: true default_queue_policy { timeout_action: REJECT default_timeout_microseconds: 9 } }",
      ),
    },
    function* (batching) {
      if (batching.preserve_ordering !== true) return;
      for (const at of delays(batching))
        yield { at, message: "DELAY with a fixed order", expected: "REJECT", got: "DELAY" };
    },
  ),
];
