import type { Position } from "../../errors/index.ts";

/** Something of a repository that its spec leads to otherwise, or not at all. */
export interface ImportLoss {
  /** Path below the repository. */
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  /** Field of the file, such as `instance_group[0].count`; absent where it is about the file. */
  readonly field?: string;
  /** What `triptych repository` writes by the spec. */
  readonly expected: string;
  /** What is there. */
  readonly got: string;
  /** What does not come into the spec. */
  readonly lost: string;
}

/** What is lost by each kind of difference. */
export const LOST = {
  value: "the value: no setting of a spec leads to it",
  writing: "comments, order and layout of the text",
  text: "what was changed in the file, which Triptych writes anew",
  missing: "nothing: the file is written again",
  extra: "nothing of a spec leads to it: it is in no repository that is written by the spec",
  unread: "whatever is in it",
} as const;

/** A long text cut to what fits a line. */
export function short(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** Where a loss is, if that is known. */
export function placed(position: Position | undefined): Pick<ImportLoss, "line" | "column"> {
  return position === undefined ? {} : { line: position.line, column: position.column };
}
