import type { ModelConfigMessage } from "../../model-config/index.ts";

/** A control of a sequence, and where it stands. */
export interface ControlPlace {
  readonly at: string;
  readonly kind: string;
  readonly type: string;
  /** How many values each list for false and true has, of those that have any. */
  readonly lists: readonly number[];
}

/** Kinds of controls that are true or false. */
export const FLAGS = ["CONTROL_SEQUENCE_START", "CONTROL_SEQUENCE_READY", "CONTROL_SEQUENCE_END"];

/** All controls of a sequence batcher, in the order of the text. */
export function controlsOf({
  control_input: inputs = [],
}: NonNullable<ModelConfigMessage["sequence_batching"]>): ControlPlace[] {
  return inputs.flatMap(({ control = [] }, input) =>
    control.map((found, index) => ({
      at: `sequence_batching.control_input[${input}].control[${index}]`,
      // Protobuf's default is the first kind.
      kind: String(found.kind ?? "CONTROL_SEQUENCE_START"),
      type: String(found.data_type ?? "TYPE_INVALID"),
      lists: [found.int32_false_true, found.fp32_false_true, found.bool_false_true]
        .map((values) => values?.length ?? 0)
        .filter((length) => length > 0),
    })),
  );
}
