import type { PipelineSpec } from "../../spec/index.ts";

/** What stands under a path: a file, an ONNX file with the weights beside it (`.data`), or a whole folder. */
export type ArtifactForm = "file" | "onnx" | "folder";

/** Something that a step reads. */
export interface ArtifactInput {
  /** Folder that the path is below: the checkpoint, or the one the spec lies in. */
  readonly root: "checkpoint" | "spec";
  readonly path: string;
  readonly form: ArtifactForm;
  /** Id of the artifact that makes it; a source, which only a person can bring, has none. */
  readonly from?: string;
}

/** A word of a tool's command line; files are named by role until the step runs. */
export type ToolWord =
  | string
  | { readonly input: string }
  | { readonly checkpoint: true }
  | { readonly output: true };

/** A run of one of the Python tools: `python -m triptych_tools.<module>`. */
export interface ToolStep {
  readonly kind: "tool";
  readonly module: string;
  readonly words: readonly ToolWord[];
}

/** A file whose text the plan knows. */
export interface TextStep {
  readonly kind: "text";
  readonly text: string;
}

/** A build by trtexec; what it reads and writes are the artifact's own files. */
export interface EngineStep {
  readonly kind: "engine";
  /** TensorRT of the server, where the spec says it; else it follows from the container release. */
  readonly tensorrt: string | undefined;
  /** Container release such as `26.08`. */
  readonly triton: string;
  /** GPU that it is built for, as the spec names it. */
  readonly gpu: string | undefined;
  readonly settings: PipelineSpec["target"]["build"];
  /** Kernel timings that builds for the same GPU and release share, below the checkpoint folder. */
  readonly timingCache: string;
}

/** How an artifact is made. */
export type ArtifactStep = ToolStep | TextStep | EngineStep;

/** What a step takes, roughly: said before it starts. */
export interface ArtifactEstimate {
  /** On disk, in bytes. */
  readonly bytes: number;
  /** Of host memory while it is made, in bytes. */
  readonly memory: number;
}

/** One thing that is made on the way from a checkpoint to what is served. */
export interface Artifact {
  /** `draft/highNoise/engine`: what it is for, and the step that makes it. */
  readonly id: string;
  /** Path below the checkpoint folder. */
  readonly path: string;
  readonly form: ArtifactForm;
  /** By role, such as `onnx` or `calibration`. */
  readonly inputs: Readonly<Record<string, ArtifactInput>>;
  readonly step: ArtifactStep;
  readonly estimate: ArtifactEstimate;
  /** Where a model of the repository links it: the network with its precision and set of weights. */
  readonly serves?: { readonly network: string; readonly precision: string; readonly weights: string };
}
