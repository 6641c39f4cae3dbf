import { WEIGHT_BYTES } from "../../diffusion/index.ts";
import type { PipelineSpec, PrecisionName } from "../../spec/index.ts";
import { estimateOf, type NetworkPart, networkBytes } from "./estimate.ts";
import { engineFolder, type NetworkChoice, onnxPath, servedPath } from "./paths.ts";
import type { Artifact, ArtifactInput, ToolWord } from "./types.ts";

/** Above this, a graph in FP32 is a burden: the exporter then writes 16 bit at once. A protobuf ends at 2 GiB. */
const LARGE = 2 ** 31;

/** One network on its way from the checkpoint to what is served. */
export interface NetworkRoute {
  /** `textEncoder`, `draft/highNoise`. */
  readonly id: string;
  readonly part: NetworkPart;
  readonly choice: NetworkChoice;
  /** The folder of the checkpoint that holds its weights. */
  readonly source: ArtifactInput;
  /** Words of the exporter beside files and precision. */
  readonly exportWords: readonly [kind: string, ...flags: string[]];
  /** Recorded inputs, for 8 bits and for AutoCast. */
  readonly calibration?: ArtifactInput;
  /** Words of the quantiser beside files and precisions. */
  readonly quantiseWords?: readonly string[];
}

type Stage = Pick<Artifact, "step" | "inputs" | "estimate"> & {
  readonly name: string;
  readonly precision: PrecisionName;
};

/** Precision that the exporter writes. */
function exportedPrecision(
  spec: PipelineSpec,
  { part, choice, calibration }: NetworkRoute,
): "fp32" | "fp16" | "bf16" {
  if (spec.target.runtime === "onnxruntime" || choice.precision === "fp32" || part === "vaeDecoder")
    return "fp32";
  // AutoCast looks at values, so it needs inputs; and a graph that it can hold several times.
  const isLarge = networkBytes(spec, part, "fp32") > LARGE;
  if (!isLarge && calibration !== undefined) return "fp32";
  if (choice.precision === "bf16") return "bf16";
  return "fp16";
}

function tool(module: string, words: readonly ToolWord[]): Artifact["step"] {
  return { kind: "tool", module, words };
}

function exportStage(spec: PipelineSpec, route: NetworkRoute): Stage {
  const precision = exportedPrecision(spec, route);
  const [kind, ...flags] = route.exportWords;
  const bytes = networkBytes(spec, route.part, precision);
  // A VAE is small: it is exported in FP32 whatever becomes of it.
  const storage = route.part === "vaeDecoder" ? [] : ["--weights", precision];
  return {
    name: "export",
    precision,
    inputs: { weights: route.source },
    step: tool("export", [kind, { input: "weights" }, { output: true }, ...flags, ...storage]),
    estimate: estimateOf(bytes, "export", Math.max(bytes, networkBytes(spec, route.part, "bf16"))),
  };
}

function castStage(spec: PipelineSpec, route: NetworkRoute, onnx: ArtifactInput): Stage {
  const { choice, part, calibration } = route;
  // A CPU computes in FP32 whatever is stored; a GPU is to compute in what the graph says.
  const isStorage = spec.target.runtime === "onnxruntime";
  const method: ToolWord[] = isStorage
    ? ["--method", "storage"]
    : ["--method", "autocast", "--calibration", { input: "calibration" }];
  const words: ToolWord[] = [{ input: "onnx" }, { output: true }, "--precision", choice.precision, ...method];
  const inputs = isStorage || calibration === undefined ? { onnx } : { onnx, calibration };
  const bytes = networkBytes(spec, part, choice.precision);
  const estimate = estimateOf(bytes, "lighten", networkBytes(spec, part, "fp32"));
  return { name: "cast", precision: choice.precision, inputs, step: tool("cast", words), estimate };
}

function quantiseStage(spec: PipelineSpec, route: NetworkRoute, onnx: ArtifactInput): Stage {
  const { choice, part, calibration, quantiseWords = [] } = route;
  // x86 multiplies U8 by S8 in hardware; TensorRT wants S8 for both, and 16 bit for what stays.
  const [activations, rest] =
    spec.target.runtime === "onnxruntime" ? ["unsigned", "fp32"] : ["signed", "fp16"];
  const words: ToolWord[] = [
    { input: "onnx" },
    { output: true },
    ...["--precision", choice.precision, "--calibration", { input: "calibration" }],
    ...["--activations", activations, "--high-precision", rest],
    ...quantiseWords,
  ];
  const bytes = networkBytes(spec, part, choice.precision);
  return {
    name: "quantise",
    precision: choice.precision,
    inputs: { onnx, ...(calibration === undefined ? {} : { calibration }) },
    step: tool("quantise", words),
    estimate: estimateOf(bytes, "lighten", networkBytes(spec, part, "fp32")),
  };
}

function engineStage(spec: PipelineSpec, { choice, part }: NetworkRoute, onnx: ArtifactInput): Stage {
  const { tensorrt, triton, gpu, build } = spec.target;
  const timingCache = `${engineFolder(spec)}/timing-${tensorrt ?? triton}.cache`;
  return {
    name: "engine",
    precision: choice.precision,
    inputs: { onnx },
    step: { kind: "engine", tensorrt, triton, gpu, settings: build, timingCache },
    estimate: estimateOf(networkBytes(spec, part, choice.precision), "engine"),
  };
}

/** What brings the exported graph to its precision; nothing where it has it already. */
function lightStage(spec: PipelineSpec, route: NetworkRoute, onnx: ArtifactInput, exported: PrecisionName) {
  const { precision } = route.choice;
  if (precision === exported) return undefined;
  return WEIGHT_BYTES[precision] === 1 ? quantiseStage(spec, route, onnx) : castStage(spec, route, onnx);
}

/** The artifacts of one network in the order they are made; the last is what is served. */
export function networkArtifacts(spec: PipelineSpec, route: NetworkRoute): Artifact[] {
  const made: Artifact[] = [];
  const add = ({ name, precision, ...stage }: Stage, isServed: boolean): ArtifactInput => {
    const choice = { ...route.choice, precision };
    const path = isServed ? servedPath(spec, choice) : onnxPath(spec, choice);
    const form = name === "engine" ? "file" : "onnx";
    const id = `${route.id}/${name}`;
    made.push({ id, path, form, ...stage, ...(isServed ? { serves: route.choice } : {}) });
    return { root: "checkpoint", path, form, from: id };
  };
  const first = exportStage(spec, route);
  const servesOnnx = spec.target.runtime === "onnxruntime";
  const exported = add(first, servesOnnx && first.precision === route.choice.precision);
  const light = lightStage(spec, route, exported, first.precision);
  const onnx = light === undefined ? exported : add(light, servesOnnx);
  if (!servesOnnx) add(engineStage(spec, route, onnx), true);
  return made;
}
