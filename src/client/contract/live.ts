import { type ErrorCode, isTriptychError } from "../../errors/index.ts";
import { type ModelContract, modelContractOf } from "../../model-config/index.ts";
import type { CallOptions } from "../options.ts";
import type { ModelMetadataResponse } from "../protocol/messages.ts";
import { shownName } from "../shown.ts";
import type { EndpointView } from "../transport/pool/probe.ts";

/** A model as a server describes it. */
export interface LiveModel {
  readonly metadata: ModelMetadataResponse;
  /** Absent where the server keeps its configurations to itself. */
  readonly contract?: ModelContract;
}

/** How a configuration stays unknown: gone, not offered, or with a datatype of a newer server. */
const UNKNOWN = ["model-not-found", "access-denied", "request-invalid", "model-config-syntax"] as const;

/** What the server says of a model; undefined where it has no such model loaded. */
export async function liveModel(
  transport: EndpointView,
  name: string,
  options: CallOptions,
): Promise<LiveModel | undefined> {
  const call = { ...options, model: shownName(name) };
  const [metadata, contract] = await Promise.all([
    unless(["model-not-found"], transport.unary("ModelMetadata", { name }, call)),
    unless(UNKNOWN, liveContract(transport, name, options)),
  ]);
  if (metadata === undefined) return undefined;
  return contract === undefined ? { metadata } : { metadata, contract };
}

/** @throws TriptychError `model-not-found`; `access-denied` where the server keeps its configurations to itself. */
export async function liveContract(
  transport: EndpointView,
  name: string,
  options: CallOptions,
): Promise<ModelContract> {
  const { config } = await transport.unary("ModelConfig", { name }, { ...options, model: shownName(name) });
  return modelContractOf(config ?? {});
}

/** Undefined for an error of one of these codes. */
async function unless<T>(codes: readonly ErrorCode[], answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (reason) {
    if (codes.some((code) => isTriptychError(reason, code))) return undefined;
    throw reason;
  }
}
