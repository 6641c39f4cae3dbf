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

/** Stands for the GPU where a spec names none. */
const NO_GPU = "gpu";

/** Folder of engines for one GPU and release: both decide which files can be loaded. */
export function engineFolder({ target }: PipelineSpec): string {
  return `engines/${target.gpu ?? NO_GPU}-${target.triton}`;
}

/**
 * Path of a network as it is served, below the checkpoint folder: network, weights, precision, size, GPU and release are
 * in it. Specs that differ in anything else and share a checkpoint take turns at one file: give them folders of their own.
 */
export function servedPath(spec: PipelineSpec, choice: NetworkChoice): string {
  if (spec.target.runtime === "onnxruntime") return `onnx/${fileName(choice, "onnx")}`;
  return `${engineFolder(spec)}/${sizeName(spec)}/${fileName(choice, "plan")}`;
}

/** What a path of {@link servedPath} says. */
export interface ServedChoice {
  readonly precision: string;
  readonly weights: string;
  /** GPU of an engine, where the spec named one. */
  readonly gpu?: string;
}

/** Reads a path of {@link servedPath} back; undefined for one that is none of this network. */
export function readServedPath(path: string, network: string): ServedChoice | undefined {
  const [, , gpu, file = ""] =
    /^(onnx|engines\/([^/]+)-\d{2}\.\d{2}\/\d+x\d+x\d+)\/([^/]+)$/.exec(path) ?? [];
  if (!file.startsWith(`${network}.`)) return undefined;
  const rest = file.slice(network.length + 1);
  const [, weights = "base", precision = ""] = /^(?:(.+)\.)?([^.]+)\.(?:onnx|plan)$/.exec(rest) ?? [];
  if (precision === "") return undefined;
  return { precision, weights, ...(gpu === undefined || gpu === NO_GPU ? {} : { gpu }) };
}
