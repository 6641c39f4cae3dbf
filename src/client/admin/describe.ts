import { TriptychError } from "../../errors/index.ts";
import type { ModelConfigMessage } from "../../model-config/index.ts";
import { DATATYPES, type Datatype } from "../../tensor/index.ts";
import type { CallOptions } from "../options.ts";
import type { TensorMessage } from "../protocol/admin-messages.ts";
import { shownName, shownValue } from "../shown.ts";
import { cleanText } from "../transport/clean-text.ts";
import type { Transport } from "../transport/transport.ts";
import { readConfig } from "./read-config.ts";

/** Who the server says it is. */
export interface ServerMetadata {
  readonly name: string;
  readonly version: string;
  readonly extensions: readonly string[];
}

/** A call about one model. */
export interface ModelOptions extends CallOptions {
  /** Version of the model, such as `"2"`; by default the server picks one, by the model's version policy. */
  readonly version?: string | undefined;
}

/** A tensor of a model as it goes over the wire. */
export interface TensorMetadata {
  readonly name: string;
  /** `unknown` for one that this client does not know. */
  readonly datatype: Datatype | "unknown";
  /** With the batch dim where the model has one; −1 is a free dim. */
  readonly shape: readonly number[];
}

/** What the server says of a loaded model. */
export interface ModelMetadata {
  readonly name: string;
  /** Versions that are ready. */
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
}

/** Asks the server who it is. */
export async function serverMetadata(transport: Transport, options?: CallOptions): Promise<ServerMetadata> {
  const { name, version, extensions } = await transport.unary("ServerMetadata", {}, options);
  return { name: cleanText(name), version: cleanText(version), extensions: extensions.map(cleanText) };
}

/** Asks for the tensors of a model. */
export async function modelMetadata(
  transport: Transport,
  model: string,
  options: ModelOptions = {},
): Promise<ModelMetadata> {
  const request = namedModel(model, options.version);
  const answer = await transport.unary("ModelMetadata", request, { ...options, model: shownName(model) });
  return {
    name: cleanText(answer.name),
    versions: answer.versions.map(cleanText),
    platform: cleanText(answer.platform),
    inputs: answer.inputs.map(tensorOf),
    outputs: answer.outputs.map(tensorOf),
  };
}

/** Asks for the whole configuration of a model. */
export async function modelConfig(
  transport: Transport,
  model: string,
  options: ModelOptions = {},
): Promise<ModelConfigMessage> {
  const request = namedModel(model, options.version);
  const { config } = await transport.unary("ModelConfig", request, { ...options, model: shownName(model) });
  return readConfig(config ?? {});
}

/** The name of a model. Throws `request-invalid` for what is no text; the type says so already, but callers may have none. */
export function checkedModel(name: unknown): string {
  if (typeof name === "string") return name;
  throw new TriptychError("request-invalid", `model: expected a name, got ${shownValue(name)}.`, {
    hint: "See which models there are with studio.server.repositoryIndex().",
  });
}

/** A model and its version as they are asked for. Throws `request-invalid` for a version that is no number. */
export function namedModel(name: string, version = ""): { readonly name: string; readonly version: string } {
  checkedModel(name);
  if (typeof version === "string" && /^\d*$/.test(version)) return { name, version };
  const model = shownName(name);
  const problem = `expected a version such as "1", got ${shownValue(version)}`;
  throw new TriptychError("request-invalid", `${model}: ${problem}.`, {
    hint: "See its versions with studio.server.modelMetadata(name).",
    details: { model },
  });
}

function tensorOf({ name, datatype, shape }: TensorMessage): TensorMetadata {
  const known = DATATYPES.find((one) => one === datatype);
  return { name: cleanText(name), datatype: known ?? "unknown", shape: shape.map(Number) };
}
