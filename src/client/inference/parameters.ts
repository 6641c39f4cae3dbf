import { TriptychError } from "../../errors/index.ts";
import type { InferParameter, InferParameters } from "../protocol/messages.ts";
import { fieldsOf, shownName, shownValue, wholeText } from "../shown.ts";
import type { ParameterValue, ParameterValues, RequestParameter, RequestParameters } from "./types.ts";

/** Names with a meaning to the server; `triton_…` are too. */
const RESERVED = [
  "sequence_id",
  "sequence_start",
  "sequence_end",
  "priority",
  "timeout",
  "headers",
  "binary_data_output",
];

/**
 * Parameters as they go over the wire.
 *
 * @throws TriptychError `request-invalid` for a name that is the server's own, and for a value that cannot be sent.
 */
export function toWire(parameters: RequestParameters): Record<string, InferParameter> {
  fieldsOf("parameters", parameters);
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => {
      if (isReserved(name)) {
        throw refused(name, "this name steers the server itself");
      }
      return [name, choice(name, value)];
    }),
  );
}

/** Parameters of a response, without the server's own and those that have no value. */
export function fromWire(parameters: InferParameters): ParameterValues {
  if (Object.keys(parameters).length === 0) return {};
  const entries = Object.entries(parameters).map(([name, parameter]) => [name, valueOf(parameter)] as const);
  return Object.fromEntries(
    entries.filter(
      (entry): entry is readonly [string, ParameterValue] => entry[1] !== undefined && !isReserved(entry[0]),
    ),
  );
}

function isReserved(name: string): boolean {
  return RESERVED.includes(name) || name.startsWith("triton_");
}

function choice(name: string, value: RequestParameter): InferParameter {
  if (typeof value === "boolean") return { bool_param: value };
  if (typeof value === "string") return { string_param: wholeText(`Parameter "${shownName(name)}"`, value) };
  if (typeof value === "bigint") {
    if (BigInt.asIntN(64, value) !== value) throw refused(name, `${value} does not fit 64 bits`);
    return { int64_param: value.toString() };
  }
  if (isDouble(value)) return { double_param: value.double };
  if (!Number.isFinite(value)) throw refused(name, `${shownValue(value)} is not a finite number`);
  return Number.isSafeInteger(value) ? { int64_param: value } : { double_param: value };
}

function isDouble(value: unknown): value is { readonly double: number } {
  return typeof value === "object" && value !== null && "double" in value && typeof value.double === "number";
}

function valueOf(parameter: InferParameter): ParameterValue | undefined {
  const integer = parameter.int64_param ?? parameter.uint64_param;
  if (integer !== undefined) return BigInt(integer);
  return parameter.bool_param ?? parameter.string_param ?? parameter.double_param;
}

function refused(name: string, why: string): TriptychError {
  return new TriptychError("request-invalid", `Parameter "${shownName(name)}": ${why}.`);
}
