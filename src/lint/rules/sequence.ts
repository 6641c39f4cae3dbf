import { type ControlPlace, controlsOf, FLAGS } from "../model/controls.ts";
import type { Problem } from "../model/model.ts";
import { added, type CheckedRule, onBatcher } from "./define.ts";

const IN = "sequence_batching";
const onSequence = onBatcher(IN);
const START = "control { kind: CONTROL_SEQUENCE_START int32_false_true: [ 0, 1 ] }";

function sequence(...inputs: readonly string[]): string {
  return `sequence_batching {${inputs.map((input) => ` ${input}`).join("")} }`;
}

function control(name: string, ...controls: readonly string[]): string {
  return `control_input { name: "${name}" ${controls.join(" ")} }`;
}

const GOOD = sequence(control("START", START));

/** A rule on each control of a sequence that is a flag: its start, its end, its readiness. */
function onFlags(
  rule: Parameters<typeof onSequence>[0],
  check: (place: ControlPlace) => Omit<Problem, "at"> | undefined,
): CheckedRule {
  return onSequence(rule, function* (batching) {
    for (const place of controlsOf(batching)) {
      const problem = FLAGS.includes(place.kind) ? check(place) : undefined;
      if (problem !== undefined) yield { at: place.at, ...problem };
    }
  });
}

/** The first place of each that was there before. */
function* repeated<T>(items: readonly T[], keyOf: (item: T) => string): Iterable<T> {
  const seen = new Set<string>();
  for (const item of items) {
    if (seen.has(keyOf(item))) yield item;
    seen.add(keyOf(item));
  }
}

const CORRELATION_TYPES = ["TYPE_UINT64", "TYPE_INT64", "TYPE_UINT32", "TYPE_INT32", "TYPE_STRING"];

/** Sequences: their scheduler and the inputs that steer it (S). */
export const SEQUENCE_RULES: readonly CheckedRule[] = [
  onSequence(
    {
      id: "S101",
      phrase: "with sequence batching scheduler",
      what: "The response cache does not know of sequences.",
      mend: "Take `response_cache` away.",
      example: added(`${GOOD}\nresponse_cache { enable: true }`, GOOD),
    },
    function* (_, config) {
      if (config.response_cache?.enable === true) {
        yield { at: "response_cache.enable", message: "a response cache on a model of sequences" };
      }
    },
  ),
  onSequence(
    {
      id: "S201",
      phrase: "sequence batching control tensor must have a name",
      what: "A control input without a name.",
      mend: "Write its name.",
      example: added(sequence(`control_input { ${START} }`), GOOD),
    },
    function* ({ control_input: inputs = [] }) {
      for (const [index, { name = "" }] of inputs.entries()) {
        if (name === "") yield { at: `${IN}.control_input[${index}]`, message: "it has no name" };
      }
    },
  ),
  onSequence(
    {
      id: "S202",
      phrase: "is specified for multiple control kinds",
      what: "A control input is there twice.",
      mend: "Give each control an input of its own.",
      example: added(
        sequence(control("C", START), control("C", START.replace("START", "END"))),
        sequence(control("C", START), control("D", START.replace("START", "END"))),
      ),
    },
    function* ({ control_input: inputs = [] }) {
      const named = inputs.map(({ name = "" }, index) => ({ name, index })).filter(({ name }) => name !== "");
      for (const { name, index } of repeated(named, (input) => input.name)) {
        yield { at: `${IN}.control_input[${index}]`, message: `${name} is there twice` };
      }
    },
  ),
  onSequence(
    {
      id: "S203",
      phrase: "sequence batching specifies multiple",
      what: "A control is given by two inputs.",
      mend: "Take one of the two away.",
      example: added(sequence(control("A", START), control("B", START)), GOOD),
    },
    function* (batching) {
      for (const { at, kind } of repeated(controlsOf(batching), (place) => place.kind)) {
        yield { at, message: `${kind} is given twice` };
      }
    },
  ),
  onFlags(
    {
      id: "S301",
      phrase: "sequence batching must specify either",
      what: "A flag of a sequence has no values for false and true.",
      mend: "Write int32_false_true, fp32_false_true or bool_false_true with two values.",
      example: added(sequence(control("START", "control { kind: CONTROL_SEQUENCE_START }")), GOOD),
    },
    ({ lists }) => (lists.length === 0 ? { message: "it has no values for false and true" } : undefined),
  ),
  onFlags(
    {
      id: "S302",
      phrase: "sequence batching specifies more than one from",
      what: "A flag of a sequence has values of two types.",
      mend: "Take one of the two away.",
      example: added(sequence(control("START", START.replace(" }", " fp32_false_true: [ 0, 1 ] }"))), GOOD),
    },
    ({ lists }) => (lists.length > 1 ? { message: "it has values of more than one type" } : undefined),
  ),
  onFlags(
    {
      id: "S303",
      phrase: "must have exactly 2 entries",
      what: "A flag of a sequence has other than two values.",
      mend: "Write the value for false and the one for true.",
      example: added(sequence(control("START", START.replace("0, 1", "1"))), GOOD),
    },
    ({ lists: [first, ...others] }) =>
      first === undefined || first === 2 || others.length > 0
        ? undefined
        : { message: "it has other than two values", expected: "2", got: `${first}` },
  ),
  onSequence(
    {
      id: "S401",
      phrase: "unexpected data type for control",
      what: "The correlation id has a type that ids do not have.",
      mend: `Write data_type as one of ${CORRELATION_TYPES.join(", ")}.`,
      example: added(
        sequence(control("ID", "control { kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_FP32 }")),
        sequence(control("ID", "control { kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_UINT64 }")),
      ),
    },
    function* (batching) {
      for (const { at, kind, type } of controlsOf(batching)) {
        if (kind !== "CONTROL_SEQUENCE_CORRID" || CORRELATION_TYPES.includes(type)) continue;
        yield {
          at,
          message: "no type of a correlation id",
          expected: CORRELATION_TYPES.join(", "),
          got: type,
        };
      }
    },
  ),
  onSequence(
    {
      id: "S402",
      phrase: "sequence batching must not specify either",
      what: "The correlation id is no flag, and has no values for false and true.",
      mend: "Take the values away.",
      example: added(
        sequence(
          control(
            "ID",
            "control { kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_UINT64 int32_false_true: [ 0, 1 ] }",
          ),
        ),
        sequence(control("ID", "control { kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_UINT64 }")),
      ),
    },
    function* (batching) {
      for (const { at, kind, lists } of controlsOf(batching)) {
        if (kind !== "CONTROL_SEQUENCE_CORRID" || lists.length === 0) continue;
        yield { at, message: "a correlation id with values for false and true" };
      }
    },
  ),
  onSequence(
    {
      id: "S501",
      phrase: "sequence batching preferred batch size must be positive",
      what: "A preferred batch size is not above 0.",
      mend: "Write a size from 1 to max_batch_size.",
      example: added(
        `max_batch_size: 4\n${sequence("oldest { preferred_batch_size: [ 0 ] }")}`,
        `max_batch_size: 4\n${sequence("oldest { preferred_batch_size: [ 4 ] }")}`,
      ),
    },
    function* ({ oldest }) {
      for (const [index, size] of (oldest?.preferred_batch_size ?? []).entries()) {
        const at = `${IN}.oldest.preferred_batch_size[${index}]`;
        if (size <= 0) yield { at, message: "it is not positive", got: `${size}` };
      }
    },
  ),
  onSequence(
    {
      id: "S502",
      phrase: "sequence batching preferred batch size must be <= max batch",
      what: "A preferred batch size is above `max_batch_size`.",
      mend: "Raise max_batch_size, or take the size away.",
      example: added(
        `max_batch_size: 4\n${sequence("oldest { preferred_batch_size: [ 8 ] }")}`,
        `max_batch_size: 8\n${sequence("oldest { preferred_batch_size: [ 8 ] }")}`,
      ),
    },
    function* ({ oldest }, { max_batch_size: max = 0 }) {
      for (const [index, size] of (oldest?.preferred_batch_size ?? []).entries()) {
        if (size <= 0 || size <= max) continue;
        const at = `${IN}.oldest.preferred_batch_size[${index}]`;
        yield { at, message: "it is above max_batch_size", expected: `at most ${max}`, got: `${size}` };
      }
    },
  ),
  onSequence(
    {
      id: "S601",
      phrase: "sequence batching minimum slot utilization must be in range",
      what: "The least use of slots is a share, from 0 to 1.",
      mend: "Write a share, such as 0.5.",
      example: added(
        sequence("direct { minimum_slot_utilization: 1.5 }"),
        sequence("direct { minimum_slot_utilization: 0.5 }"),
      ),
    },
    function* ({ direct }) {
      const share = direct?.minimum_slot_utilization ?? 0;
      if (!(share < 0 || share > 1)) return;
      const at = `${IN}.direct.minimum_slot_utilization`;
      yield { at, message: "it is no share", expected: "0 to 1", got: `${share}` };
    },
  ),
];
