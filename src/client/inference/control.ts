import { TriptychError } from "../../errors/index.ts";
import type { InferParameter } from "../protocol/messages.ts";
import { fieldsOf, shownValue, wholeText } from "../shown.ts";
import type { ControlOptions, Sequence } from "./types.ts";

/** Longest id of a sequence that Triton takes, in bytes. */
const LONGEST_ID = 128;

const MOST_INT64 = 2n ** 63n - 1n;
const MOST_UINT64 = 2n ** 64n - 1n;

/**
 * The options that steer the server itself, as parameters of the request.
 *
 * @throws TriptychError `request-invalid` for a value that the server would refuse, or take for none.
 */
export function controlParameters(options: ControlOptions): Record<string, InferParameter> {
  const { sequence, priority, queueTimeoutUs } = options;
  return {
    ...(sequence === undefined ? {} : sequenceParameters(sequence)),
    ...(priority === undefined
      ? {}
      : { priority: { uint64_param: whole("priority", priority, 0n, MOST_UINT64) } }),
    ...(queueTimeoutUs === undefined
      ? {}
      : { timeout: { int64_param: whole("queueTimeoutUs", queueTimeoutUs, 1n, MOST_INT64) } }),
  };
}

function sequenceParameters(sequence: Sequence): Record<string, InferParameter> {
  fieldsOf("sequence", sequence);
  const { id, start = false, end = false } = sequence;
  for (const [name, flag] of Object.entries({ start, end }))
    if (typeof flag !== "boolean") throw refused(`sequence.${name}`, "true or false", flag);
  return {
    sequence_id: typeof id === "string" ? { string_param: text(id) } : { int64_param: idOf(id) },
    sequence_start: { bool_param: start },
    sequence_end: { bool_param: end },
  };
}

/** 0 and the empty id are Triton's words for no sequence at all. */
function idOf(id: number | bigint): string {
  return whole("sequence.id", id, 1n, MOST_INT64);
}

function text(id: string): string {
  const bytes = Buffer.byteLength(wholeText("sequence.id", id));
  if (bytes >= 1 && bytes <= LONGEST_ID) return id;
  throw refused("sequence.id", `a text of 1 to ${LONGEST_ID} bytes`, id);
}

function whole(name: string, value: number | bigint, least: bigint, most: bigint): string {
  const expected = `a whole number from ${least} to ${most}`;
  if (typeof value !== "bigint" && !Number.isSafeInteger(value)) throw refused(name, expected, value);
  const wide = BigInt(value);
  if (wide < least || wide > most) throw refused(name, expected, wide);
  return wide.toString();
}

function refused(name: string, expected: string, got: unknown): TriptychError {
  return new TriptychError("request-invalid", `${name}: expected ${expected}, got ${shownValue(got)}.`, {
    hint: "A number beyond 2^53 is given as a bigint.",
  });
}
