import { added, type CheckedRule } from "./define.ts";

/** What is legal and slow, or does nothing (U). */
export const USAGE_RULES: readonly CheckedRule[] = [
  {
    id: "U101",
    severity: "warning",
    phase: "load",
    what: "A delay to fill batches, on a model that takes one request at a time: every request waits for nothing.",
    mend: "Take max_queue_delay_microseconds away; the rest of dynamic_batching still bounds the queue.",
    example: added(
      "dynamic_batching { max_queue_delay_microseconds: 5000 }",
      "dynamic_batching { default_queue_policy { max_queue_size: 8 } }",
    ),
    *check({ config: { dynamic_batching: batching, max_batch_size: max = 0 } }) {
      const delay = batching?.max_queue_delay_microseconds ?? 0n;
      if (delay === 0n || max > 1) return;
      const at = "dynamic_batching.max_queue_delay_microseconds";
      yield { at, message: "there is no batch to wait for", expected: "0", got: `${delay}` };
    },
  },
  {
    id: "U102",
    severity: "note",
    phase: "load",
    what: "A model that takes batches and has no batcher: requests are batched by their senders or not at all.",
    mend: "Write dynamic_batching, or max_batch_size: 0.",
    example: added("max_batch_size: 8", "max_batch_size: 8\ndynamic_batching { }"),
    *check({ config }, { profile }) {
      const { max_batch_size: max = 0, platform, backend } = config;
      // Where it completes configurations, its backend writes a batcher.
      if (profile.autoComplete && backend === "tensorrt") return;
      const hasScheduler = config.dynamic_batching !== undefined || config.sequence_batching !== undefined;
      if (max <= 1 || hasScheduler || platform === "ensemble") return;
      yield { at: "max_batch_size", message: "it takes batches, and nothing makes them" };
    },
  },
  {
    id: "U201",
    severity: "note",
    phase: "load",
    what: "A queue without an end: under load, requests wait until their clients give up, and are then run.",
    mend: "Write max_queue_size into default_queue_policy, and a timeout.",
    example: added("dynamic_batching { }", "dynamic_batching { default_queue_policy { max_queue_size: 8 } }"),
    *check({ config: { dynamic_batching: batching } }) {
      if (batching === undefined || (batching.default_queue_policy?.max_queue_size ?? 0) > 0) return;
      yield { at: "dynamic_batching", message: "its queue has no end" };
    },
  },
];
