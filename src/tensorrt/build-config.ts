import type { TensorRtVersionText } from "./version.ts";

/** Dims of each input at one point of a profile, by tensor name. */
export type InputShapes = Readonly<Record<string, readonly number[]>>;

/** Which shapes an engine with dynamic dims takes; the builder tunes for `opt`. */
export interface ShapeProfile {
  readonly min: InputShapes;
  readonly opt: InputShapes;
  readonly max: InputShapes;
}

/** On which other GPUs the engine may run; both levels cost speed. */
export type HardwareCompatibility = "ampere+" | "sameComputeCapability";

/** What every major of TensorRT takes. */
interface CommonBuildConfig {
  /** The ONNX file. Precision comes from it: FP16 or BF16 tensors, Q/DQ nodes for INT8 and FP8; no flag says it. */
  readonly onnx: string;
  /** Where the engine goes. */
  readonly engine: string;
  /** For a network with dynamic dims only: TensorRT refuses shapes for a static one. Their order is their index. */
  readonly profiles?: readonly ShapeProfile[];
  /** MiB of scratch memory that a kernel may ask for; the GPU's whole memory where absent. */
  readonly workspaceMiB?: number;
  /** 0 to 5, default 3: how long the builder looks for faster kernels. */
  readonly optimizationLevel?: 0 | 1 | 2 | 3 | 4 | 5;
  /** Kernel timings to start from and to add to. They hold for one GPU and one release: name the file by both. */
  readonly timingCache?: string;
  /** Use kernels for 2:4 sparse weights where the weights have the pattern. */
  readonly sparsity?: boolean;
  readonly hardwareCompatibility?: HardwareCompatibility;
  /** Loads in later releases too; a server must be told to allow it, since such a plan carries code. */
  readonly versionCompatible?: boolean;
  /** Most kernels tried for a layer; fewer take less memory while building. Since 10.4. */
  readonly maxTactics?: number;
  readonly maxAuxStreams?: number;
  /** 0 to 3. Since 10.8. */
  readonly tilingOptimizationLevel?: 0 | 1 | 2 | 3;
  /** FP32 products at full precision instead of TF32. */
  readonly noTf32?: boolean;
  /** Where a description of each layer goes, with the datatypes it really runs in. */
  readonly layerInfo?: string;
  /** Folder for temporary files. */
  readonly temporaryFolder?: string;
}

/** A build by TensorRT 10: networks are built strongly typed, as 11 always does. */
export interface EngineBuildConfig10 extends CommonBuildConfig {
  readonly tensorrt: TensorRtVersionText<10>;
  /** Kernel libraries to add or leave out, such as `-CUBLAS_LT`. */
  readonly tacticSources?: readonly `${"+" | "-"}${"CUBLAS" | "CUBLAS_LT" | "CUDNN" | "EDGE_MASK_CONVOLUTIONS" | "JIT_CONVOLUTIONS"}`[];
}

/** A build by TensorRT 11. */
export interface EngineBuildConfig11 extends CommonBuildConfig {
  readonly tensorrt: TensorRtVersionText<11>;
  readonly tacticSources?: readonly `${"+" | "-"}${"EDGE_MASK_CONVOLUTIONS" | "JIT_CONVOLUTIONS"}`[];
}

/** How one engine is built. What a major of TensorRT refuses does not compile for it. */
export type EngineBuildConfig = EngineBuildConfig10 | EngineBuildConfig11;
