import { TriptychError } from "../../errors/index.ts";
import { type Datatype, hasDatatype, stringsOf, type Tensor } from "../../tensor/index.ts";
import type { AnyOutputs, NamedContract } from "../inference/untyped.ts";
import { shownName } from "../shown.ts";
import type { AnyRequest } from "./request.ts";

/** Tensors of every response of a streaming door. */
const PROGRESS = ["STAGE", "STEP", "STEPS", "ELAPSED_US"];

/**
 * The outputs to ask a front door for: no more than the request wants.
 *
 * @throws TriptychError `request-invalid` for a wish that this door cannot fulfil.
 */
export function wantedOutputs(door: NamedContract, request: AnyRequest, progress: boolean): string[] {
  const wanted = [
    ...(progress ? PROGRESS : []),
    ...(progress && request.previews === true ? ["PREVIEW"] : []),
    "VIDEO",
    ...(request.frames === true ? ["FRAMES"] : []),
    ...(request.latent === true ? ["LATENT"] : []),
  ];
  const missing = wanted.find((name) => !door.contract.outputs.some((spec) => spec.name === name));
  if (missing === undefined) return wanted;
  throw new TriptychError("request-invalid", `${missing}: ${shownName(door.name)} has no such output.`, {
    details: { model: shownName(door.name) },
  });
}

/** An output that may be absent. */
export function optionalOutput<D extends Datatype>(
  outputs: AnyOutputs,
  name: string,
  datatype: D,
): Tensor<D> | undefined {
  const tensor = outputs[name];
  if (tensor === undefined) return undefined;
  if (hasDatatype(tensor, datatype)) return tensor;
  throw odd(name, `expected ${datatype}, got ${tensor.datatype}`);
}

/** The only element of an output, as a number. */
export function integer(outputs: AnyOutputs, name: string, datatype: "INT32" | "INT64"): number {
  const data: ArrayLike<number | bigint> | undefined = optionalOutput(outputs, name, datatype)?.data;
  const value = Number(only(name, data));
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw odd(name, `expected a number from 0 to 2^53-1, got ${value}`);
}

/** The only element of an output, as bytes. */
export function bytes(outputs: AnyOutputs, name: string): Uint8Array {
  return only(name, optionalOutput(outputs, name, "BYTES")?.data);
}

/** The only element of an output, as a string. */
export function string(outputs: AnyOutputs, name: string): string {
  const tensor = optionalOutput(outputs, name, "BYTES");
  return only(name, tensor === undefined ? undefined : textsOf(name, tensor));
}

function textsOf(name: string, tensor: Tensor<"BYTES">): string[] {
  try {
    return stringsOf(tensor);
  } catch {
    throw odd(name, "expected UTF-8 text");
  }
}

/** The error for an answer of a front door that no clip can be made of. */
export function odd(name: string, problem: string): TriptychError {
  return new TriptychError("response-invalid", `${name}: ${problem}.`, {
    hint: "Check that client and server come from the same version of the pipeline.",
  });
}

function only<T>(name: string, data: ArrayLike<T> | undefined): T {
  const first = data?.[0];
  if (first !== undefined && data?.length === 1) return first;
  throw odd(name, `expected one element, got ${data?.length ?? "none"}`);
}
