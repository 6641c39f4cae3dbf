import { TriptychError } from "../../errors/index.ts";
import { type Datatype, hasDatatype, stringsOf, type Tensor } from "../../tensor/index.ts";
import { fieldsOf, shownName, shownValue } from "../shown.ts";
import { cleanText } from "../transport/clean-text.ts";
import type { ClassScore, TopClasses } from "./types.ts";
import type { NamedContract } from "./untyped.ts";

/** How many classes of which outputs are asked for. */
export type ClassCounts = Readonly<Record<string, number | undefined>>;

/** Most classes that can be asked for. */
const MOST_CLASSES = 2 ** 31 - 1;

/** Of these Triton tells no classes; one asked for those of BYTES ends without a word. */
const WITHOUT: readonly Datatype[] = ["BOOL", "BYTES", "FP16", "BF16"];

/**
 * Looks at what classes are asked for.
 *
 * @throws TriptychError `request-invalid` for a count that is not a positive number, for an output that is not asked for,
 * and for one that has no classes.
 */
export function checkClasses(
  { name, contract }: NamedContract,
  classes: ClassCounts,
  outputs: readonly string[],
): void {
  const model = shownName(name);
  fieldsOf(`${model}, classes`, classes);
  for (const [output, count] of Object.entries(classes)) {
    const spec = contract.outputs.find((one) => one.name === output);
    const problem = problemOf(count, spec?.datatype, outputs.includes(output));
    if (problem === undefined) continue;
    throw new TriptychError("request-invalid", `${model}, classes of ${shownName(output)}: ${problem}.`, {
      hint: cleanText(`Give the number of classes of an output that is asked for: ${outputs.join(", ")}.`),
      details: { model },
    });
  }
}

function problemOf(
  count: number | undefined,
  datatype: Datatype | undefined,
  isWanted: boolean,
): string | undefined {
  if (datatype === undefined || !isWanted) return "this output is not asked for";
  if (WITHOUT.includes(datatype)) return `the server tells none of ${datatype}`;
  if (count !== undefined && Number.isInteger(count) && count >= 1 && count <= MOST_CLASSES) return undefined;
  return `expected a number from 1, got ${shownValue(count)}`;
}

/** The classes that a tensor of `score:index:label` says, one row an item of the batch; undefined where it is none. */
export function topClasses(tensor: Tensor, { contract }: NamedContract): TopClasses | undefined {
  if (!hasDatatype(tensor, "BYTES")) return undefined;
  const scores = stringsOf(tensor).map(scoreOf);
  if (!scores.every((score) => score !== undefined)) return undefined;
  const rows = contract.maxBatchSize > 0 ? (tensor.shape[0] ?? 1) : 1;
  const size = rows === 0 ? 0 : scores.length / rows;
  return Array.from({ length: rows }, (_, row) => scores.slice(row * size, (row + 1) * size));
}

function scoreOf(text: string): ClassScore | undefined {
  const [, value, index, label] = /^([^:]*):(\d+)(?::([^]*))?$/.exec(text) ?? [];
  if (value === undefined || index === undefined || value === "") return undefined;
  const score = {
    score: Number(value.replace(/^(-?)inf$/, "$1Infinity").replace(/^-?nan$/, "NaN")),
    index: Number(index),
  };
  return label === undefined || label === "" ? score : { ...score, label };
}
