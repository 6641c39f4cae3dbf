import type { Finding } from "../../errors/index.ts";
import { DATATYPES, decodeTensor } from "../../tensor/index.ts";
import type { TensorMessage } from "../protocol/messages.ts";
import { bytesIn, type Json, type JsonObject } from "./wire-json.ts";

/** What one request has other than the recorded one, field by field; contents of tensors by their first element. */
export function differences(recorded: JsonObject, got: JsonObject): Finding[] {
  return [...compare("", withTensors(recorded), withTensors(got))];
}

/** The request with each content under the name of its tensor, rather than by position. */
function withTensors(request: JsonObject): JsonObject {
  const { raw_input_contents: raw, inputs, outputs, ...rest } = request;
  if (!Array.isArray(inputs)) return request;
  const contents = Array.isArray(raw) ? (raw as readonly Json[]) : [];
  const named = (inputs as unknown as readonly (TensorMessage & JsonObject)[]).map(
    ({ name, ...input }, at) => [name, { ...input, content: contentText(input, contents[at]) }] as const,
  );
  const wanted = Array.isArray(outputs)
    ? outputs.map((output) => (output as JsonObject)["name"] ?? null)
    : [];
  return { ...rest, inputs: Object.fromEntries(named), outputs: wanted };
}

/** The elements of a tensor where they can be read, else its bytes. */
function contentText(input: Omit<TensorMessage, "name">, content: Json | undefined): Json {
  const bytes = bytesIn(content);
  const datatype = DATATYPES.find((known) => known === input.datatype);
  if (bytes === undefined || datatype === undefined) return content ?? null;
  try {
    const { data } = decodeTensor(datatype, input.shape.map(Number), bytes);
    return Array.from(data as ArrayLike<unknown>, elementText);
  } catch {
    return content ?? null;
  }
}

function elementText(element: unknown): Json {
  if (element instanceof Uint8Array) return Buffer.from(element).toString();
  return typeof element === "bigint" ? `${element}` : (element as Json);
}

function* compare(path: string, recorded: Json | undefined, got: Json | undefined): Generator<Finding> {
  if (isObject(recorded) && isObject(got)) {
    const keys = new Set([...Object.keys(recorded), ...Object.keys(got)]);
    for (const key of keys) yield* compare(path === "" ? key : `${path}.${key}`, recorded[key], got[key]);
    return;
  }
  if (Array.isArray(recorded) && Array.isArray(got) && recorded.length === got.length) {
    const at = recorded.findIndex((item, index) => JSON.stringify(item) !== JSON.stringify(got[index]));
    if (at >= 0) yield* compare(`${path}[${at}]`, recorded[at] as Json, got[at] as Json);
    return;
  }
  if (JSON.stringify(recorded) === JSON.stringify(got)) return;
  const message = `${path}: expected ${shortText(recorded)}, got ${shortText(got)}`;
  yield { rule: "replay-mismatch", path, message };
}

function isObject(json: Json | undefined): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

function shortText(json: Json | undefined): string {
  const text = json === undefined ? "none" : JSON.stringify(json);
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`;
}
