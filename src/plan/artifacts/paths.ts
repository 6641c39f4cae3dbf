import type { PipelineSpec, PrecisionName } from "../../spec/index.ts";

/** A network as it is to be served: which weights, at which precision. */
export interface NetworkChoice {
  readonly network: string;
  readonly precision: PrecisionName;
  /** `base`, or the name of another set of weights. */
  readonly weights: string;
}

function fileName({ network, precision, weights }: NetworkChoice, suffix: string): string {
  return [network, ...(weights === "base" ? [] : [weights]), precision, suffix].join(".");
}

/** Shapes are static, so the size of a clip is part of a network. */
function sizeName({ video }: PipelineSpec): string {
  return `${video.width}x${video.height}x${video.frames}`;
}

/** Folder below the checkpoint for what is made on the way. */
export function buildFolder(spec: PipelineSpec): string {
  return `build/${sizeName(spec)}`;
}

/** Path of an ONNX file on the way to what is served. */
export function onnxPath(spec: PipelineSpec, choice: NetworkChoice): string {
  return `${buildFolder(spec)}/${fileName(choice, "onnx")}`;
}

/** Folder of engines for one GPU and release: both decide which files can be loaded. */
export function engineFolder({ target }: PipelineSpec): string {
  return `engines/${target.gpu ?? "gpu"}-${target.triton}`;
}

/**
 * Path of a network as it is served, below the checkpoint folder: network, weights, precision, size, GPU and release are
 * in it. Specs that differ in anything else and share a checkpoint take turns at one file: give them folders of their own.
 */
export function servedPath(spec: PipelineSpec, choice: NetworkChoice): string {
  if (spec.target.runtime === "onnxruntime") return `onnx/${fileName(choice, "onnx")}`;
  return `${engineFolder(spec)}/${sizeName(spec)}/${fileName(choice, "plan")}`;
}
