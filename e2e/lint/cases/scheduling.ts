import { type LintCase, python } from "../case.ts";

const control = (text: string): string =>
  `sequence_batching { control_input { name: "C" control { ${text} } } }`;

/** Rules D (dynamic batching), S (sequence batching) and X (the model's other policies). */
export const SCHEDULING_CASES: readonly LintCase[] = [
  python("D0.empty", undefined, "max_batch_size: 0 dynamic_batching { }"),
  python("D0.preferred", undefined, "max_batch_size: 8 dynamic_batching { preferred_batch_size: [ 4, 8 ] }"),
  python(
    "D1",
    "dynamic batching preferred size must be positive",
    "max_batch_size: 8 dynamic_batching { preferred_batch_size: [ 0 ] }",
  ),
  python(
    "D1.negative",
    "dynamic batching preferred size must be positive",
    "max_batch_size: 8 dynamic_batching { preferred_batch_size: [ -2 ] }",
  ),
  python(
    "D2",
    "dynamic batching preferred size must be <= max batch size",
    "max_batch_size: 8 dynamic_batching { preferred_batch_size: [ 4, 9 ] }",
  ),
  python(
    "D2.zero",
    "dynamic batching preferred size must be <= max batch size",
    "max_batch_size: 0 dynamic_batching { preferred_batch_size: [ 1 ] }",
  ),
  python("D3", "default priority level must be in range [1, 2]", "dynamic_batching { priority_levels: 2 }"),
  python(
    "D3.beyond",
    "default priority level must be in range [1, 2]",
    "dynamic_batching { priority_levels: 2 default_priority_level: 3 }",
  ),
  python("D3.good", undefined, "dynamic_batching { priority_levels: 2 default_priority_level: 1 }"),
  python("D3.no_levels", undefined, "dynamic_batching { default_priority_level: 3 }"),
  python(
    "D4",
    "priority queue policy must have priority level in range [1, 2]",
    "dynamic_batching { priority_levels: 2 default_priority_level: 1 priority_queue_policy { key: 3 value { } } }",
  ),
  python(
    "D4.zero",
    "priority queue policy must have priority level in range [1, 2]",
    "dynamic_batching { priority_levels: 2 default_priority_level: 1 priority_queue_policy { key: 0 value { } } }",
  ),
  python("D4.no_levels", undefined, "dynamic_batching { priority_queue_policy { key: 1 value { } } }"),
  python(
    "D5",
    "Only one priority level is allowed when 'preserve_ordering' is true",
    "dynamic_batching { preserve_ordering: true priority_levels: 2 default_priority_level: 1 }",
  ),
  python(
    "D5.one",
    undefined,
    "dynamic_batching { preserve_ordering: true priority_levels: 1 default_priority_level: 1 }",
  ),
  python(
    "D6",
    "Queue policy can not have DELAY as timeout action when 'preserve_ordering' is true",
    "dynamic_batching { preserve_ordering: true default_queue_policy { timeout_action: DELAY default_timeout_microseconds: 9 } }",
  ),
  python(
    "D6.level",
    "Queue policy can not have DELAY as timeout action when 'preserve_ordering' is true",
    "dynamic_batching { preserve_ordering: true priority_levels: 1 default_priority_level: 1 priority_queue_policy { key: 1 value { timeout_action: DELAY default_timeout_microseconds: 9 } } }",
  ),
  python(
    "D6.reject",
    undefined,
    "dynamic_batching { preserve_ordering: true default_queue_policy { timeout_action: REJECT default_timeout_microseconds: 9 } }",
  ),
  python(
    "D6.no_timeout",
    undefined,
    "dynamic_batching { preserve_ordering: true default_queue_policy { timeout_action: DELAY } }",
  ),
  python(
    "D6.override",
    undefined,
    "dynamic_batching { preserve_ordering: true default_queue_policy { timeout_action: DELAY allow_timeout_override: true } }",
  ),
  python("S0.empty", undefined, "max_batch_size: 2 sequence_batching { }"),
  python("S0.zero", undefined, "sequence_batching { }"),
  python(
    "S0.controls",
    undefined,
    'max_batch_size: 2 sequence_batching { control_input { name: "S" control { kind: CONTROL_SEQUENCE_START int32_false_true: [ 0, 1 ] } } control_input { name: "I" control { kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_UINT64 } } }',
  ),
  python(
    "S1",
    "with sequence batching scheduler. Please disable the response cache",
    "sequence_batching { } response_cache { enable: true }",
  ),
  python(
    "S2.no_name",
    "sequence batching control tensor must have a name",
    "sequence_batching { control_input { control { kind: CONTROL_SEQUENCE_START int32_false_true: [ 0, 1 ] } } }",
  ),
  python(
    "S2.same_tensor",
    "sequence batching control tensor 'C' is specified for multiple control kinds",
    'sequence_batching { control_input { name: "C" control { kind: CONTROL_SEQUENCE_START int32_false_true: [ 0, 1 ] } } control_input { name: "C" control { kind: CONTROL_SEQUENCE_END int32_false_true: [ 0, 1 ] } } }',
  ),
  python(
    "S2.same_kind",
    "sequence batching specifies multiple CONTROL_SEQUENCE_START tensors",
    'sequence_batching { control_input { name: "C" control { kind: CONTROL_SEQUENCE_START int32_false_true: [ 0, 1 ] } } control_input { name: "D" control { kind: CONTROL_SEQUENCE_START int32_false_true: [ 0, 1 ] } } }',
  ),
  python(
    "S2.two_in_one",
    undefined,
    'sequence_batching { control_input { name: "C" control { kind: CONTROL_SEQUENCE_START int32_false_true: [ 0, 1 ] } control { kind: CONTROL_SEQUENCE_END int32_false_true: [ 0, 1 ] } } }',
  ),
  python("S2.no_control", undefined, 'sequence_batching { control_input { name: "C" } }'),
  python(
    "S3.none",
    "sequence batching must specify either 'int32_false_true', 'fp32_false_true' or 'bool_false_true' for CONTROL_SEQUENCE_START",
    control("kind: CONTROL_SEQUENCE_START"),
  ),
  python(
    "S3.one",
    "sequence batching control 'int32_false_true' must have exactly 2 entries for CONTROL_SEQUENCE_END",
    control("kind: CONTROL_SEQUENCE_END int32_false_true: [ 1 ]"),
  ),
  python(
    "S3.three",
    "sequence batching control 'fp32_false_true' must have exactly 2 entries for CONTROL_SEQUENCE_READY",
    control("kind: CONTROL_SEQUENCE_READY fp32_false_true: [ 0, 1, 2 ]"),
  ),
  python(
    "S3.both",
    "sequence batching specifies more than one from 'int32_false_true', 'fp32_false_true' and 'bool_false_true' for CONTROL_SEQUENCE_READY",
    control("kind: CONTROL_SEQUENCE_READY fp32_false_true: [ 0, 1 ] int32_false_true: [ 0, 1 ]"),
  ),
  python("S3.bool", undefined, control("kind: CONTROL_SEQUENCE_READY bool_false_true: [ false, true ]")),
  python(
    "S3.bool_both",
    "sequence batching specifies more than one from 'int32_false_true', 'fp32_false_true' and 'bool_false_true' for CONTROL_SEQUENCE_READY",
    control("kind: CONTROL_SEQUENCE_READY bool_false_true: [ false, true ] int32_false_true: [ 0, 1 ]"),
  ),
  python(
    "S3.data_type",
    undefined,
    control("kind: CONTROL_SEQUENCE_READY bool_false_true: [ false, true ] data_type: TYPE_FP32"),
  ),
  python(
    "S4",
    "Allowed data types are TYPE_UINT64, TYPE_INT64, TYPE_UINT32, TYPE_INT32 and TYPE_STRING",
    control("kind: CONTROL_SEQUENCE_CORRID"),
  ),
  python(
    "S4.type",
    "Allowed data types are TYPE_UINT64, TYPE_INT64, TYPE_UINT32, TYPE_INT32 and TYPE_STRING",
    control("kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_FP32"),
  ),
  python(
    "S4.lists",
    "sequence batching must not specify either 'int32_false_true', 'fp32_false_true' or 'bool_false_true' for CONTROL_SEQUENCE_CORRID",
    control("kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_UINT64 int32_false_true: [ 0, 1 ]"),
  ),
  python("S4.string", undefined, control("kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_STRING")),
  python(
    "S5",
    "sequence batching preferred batch size must be <= max batch size",
    "max_batch_size: 2 sequence_batching { oldest { max_candidate_sequences: 2 preferred_batch_size: [ 3 ] } }",
  ),
  python(
    "S5.zero",
    "sequence batching preferred batch size must be positive",
    "max_batch_size: 2 sequence_batching { oldest { max_candidate_sequences: 2 preferred_batch_size: [ 0 ] } }",
  ),
  python("S5.no_candidates", undefined, "max_batch_size: 2 sequence_batching { oldest { } }"),
  python(
    "S5.negative_candidates",
    undefined,
    "max_batch_size: 2 sequence_batching { oldest { max_candidate_sequences: -3 } }",
  ),
  python(
    "S6",
    "sequence batching minimum slot utilization must be in range (0.0, 1.0]",
    "sequence_batching { direct { minimum_slot_utilization: 1.5 } }",
  ),
  python(
    "S6.negative",
    "sequence batching minimum slot utilization must be in range (0.0, 1.0]",
    "sequence_batching { direct { minimum_slot_utilization: -0.5 } }",
  ),
  python("S6.nan", undefined, "sequence_batching { direct { minimum_slot_utilization: nan } }"),
  python("S10.iterative", undefined, "sequence_batching { iterative_sequence: true }"),
  python(
    "S10.iterative_decoupled",
    undefined,
    "sequence_batching { iterative_sequence: true } model_transaction_policy { decoupled: true }",
  ),
  python(
    "X1",
    "with 'decoupled' transaction policy. Please disable the response cache",
    "model_transaction_policy { decoupled: true } response_cache { enable: true }",
  ),
  python("X1.decoupled", undefined, "model_transaction_policy { decoupled: true }"),
  python("X1.cache", undefined, "response_cache { enable: true }"),
  python("X1.cache_off", undefined, "model_transaction_policy { decoupled: true } response_cache { }"),
  // Keys that look odd and are none: aborting.ts has the others.
  ...["", "1a", "A_b__c_", "model", "version", "le"].map((key, index) =>
    python(`X3.good${index}`, undefined, `metric_tags { key: "${key}" value: "é\\n" }`),
  ),
];
