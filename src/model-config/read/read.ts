import { type Finding, type Position, TriptychError } from "../../errors/index.ts";
import type { ModelConfigMessage } from "../schema/schema.gen.ts";
import { parseText } from "../text/parse.ts";
import { Reader } from "./reader.ts";

/** A `config.pbtxt` that was read: what it says, and where. */
export interface ModelConfigText {
  readonly message: ModelConfigMessage;
  /**
   * In the order of the text; empty where Triton's own parser would take it. One of the rule `not-utf-8` is of a string
   * that Triton takes, and other tools do not.
   */
  readonly findings: readonly Finding[];
  /** Keys that a map has twice: Triton takes the last one without a word. */
  readonly overwritten: readonly Finding[];
  /**
   * Where a value stands, such as `input[0].dims[1]` or `parameters["crf"].string_value`; undefined where the text
   * does not say it.
   */
  readonly positionOf: (path: string) => Position | undefined;
}

/**
 * Reads a `config.pbtxt` as Triton does, and finds everything that Triton's parser would refuse. Never throws; the
 * message holds what could be read.
 *
 * @param file - Name for the positions.
 */
export function inspectModelConfig(text: string, file: string): ModelConfigText {
  const { root, findings } = parseText(text, file);
  const reader = new Reader();
  const message = reader.message("ModelConfig", root, "");
  return {
    message,
    findings: [...findings, ...reader.findings].sort(byPosition),
    overwritten: reader.overwritten,
    positionOf: (path) => reader.positions.get(path),
  };
}

/**
 * Reads a `config.pbtxt`.
 *
 * @param file - Name for the positions.
 * @throws TriptychError `model-config-syntax` with every finding, each with line and column.
 */
export function readModelConfig(text: string, file: string): ModelConfigText {
  const read = inspectModelConfig(text, file);
  const { length } = read.findings;
  if (length === 0) return read;
  const count = length === 1 ? "one mistake" : `${length} mistakes`;
  throw new TriptychError("model-config-syntax", `${file} is not a model configuration: ${count}`, {
    hint: "Mend each finding; Triton refuses the whole file for any of them.",
    details: { findings: read.findings },
  });
}

function byPosition(a: Finding, b: Finding): number {
  const [one, other] = [a.position, b.position];
  return (one?.line ?? 0) - (other?.line ?? 0) || (one?.column ?? 0) - (other?.column ?? 0);
}
