import type { Position } from "../../errors/index.ts";

/** A number, a name or a string, as it stands in the text. */
export interface ScalarNode {
  /** `broken` has a finding already. */
  readonly kind: "integer" | "float" | "identifier" | "string" | "broken";
  /** True where a minus sign stands before it. */
  readonly negative: boolean;
  /** Digits or name as written; of a string, its content after all escapes. */
  readonly text: string;
  readonly position: Position;
}

/** What stands between two braces. */
export interface MessageNode {
  readonly kind: "message";
  readonly fields: readonly FieldNode[];
  readonly position: Position;
}

/** One field with its value, or the values of its list. */
export interface FieldNode {
  readonly name: string;
  readonly position: Position;
  /** True where a colon stands after the name. */
  readonly colon: boolean;
  /** True where the values stand in brackets. */
  readonly list: boolean;
  readonly values: readonly (ScalarNode | MessageNode)[];
}
