import type { Schedule } from "../diffusion/index.ts";
import type { ModelConfig, PipelineContract } from "../model-config/index.ts";
import type { PipelineSpec } from "../spec/index.ts";
import type { Artifact } from "./artifacts/types.ts";

/** A file of the checkpoint that stands, linked, in a model's version folder. */
export interface LinkedFile {
  /** Name inside the version folder, such as `model.onnx`. */
  readonly name: string;
  /** Path below the checkpoint folder, such as `onnx/final_high_noise.onnx`. */
  readonly source: string;
}

/** All schedules that a variant's front doors can play, in the form of `schedule.json`. */
export interface ScheduleSet {
  readonly stateSize: number;
  /** One for each step count a request may ask for; the first is the default. */
  readonly schedules: readonly Schedule[];
}

/** One model of the repository. */
export interface ModelPlan {
  readonly config: ModelConfig;
  /** Module of `triptych_runtime` whose `TritonPythonModel` this model is, for the python backend. */
  readonly pythonModule?: string;
  /** Written as `schedule.json` beside the model. */
  readonly schedule?: ScheduleSet;
  readonly links: readonly LinkedFile[];
}

/** Everything that follows from a spec: pure data, the source of every generated file. */
export interface PipelinePlan {
  readonly name: string;
  readonly spec: PipelineSpec;
  /** Sorted by name. */
  readonly models: readonly ModelPlan[];
  /** What is made from the checkpoint, each after what it is made from. */
  readonly artifacts: readonly Artifact[];
  readonly contract: PipelineContract;
  /** Names of the models that a server loads at start; the rest are loaded when they are needed. */
  readonly startModels: readonly string[];
  /** True if the server must run with `--model-control-mode=explicit`. */
  readonly explicitControl: boolean;
}
