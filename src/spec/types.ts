import type {
  GuidanceSetting,
  PrecisionName,
  RecipeDocument,
  SpecDocument,
  VariantDocument,
} from "./schema/index.ts";

/** One of the two experts of a variant. */
export interface ExpertSpec {
  readonly precision: PrecisionName;
  /** Name of the weights; `base` unless the spec names another set. */
  readonly weights: string;
}

/** Experts by the part of the noise range that they run in. */
export type ExpertName = "highNoise" | "lowNoise";

/** How a set of expert weights is made from another. */
export interface WeightsRecipe extends Omit<RecipeDocument, "from"> {
  readonly from: string;
}

/** One variant with every default filled in. */
export interface VariantSpec {
  readonly experts: Readonly<Record<ExpertName, ExpertSpec>> & {
    /** File of prompts, relative to the spec. */
    readonly calibration: string | undefined;
    readonly quantise: NonNullable<VariantDocument["experts"]["quantise"]>;
    /** How a guided step runs its two passes. */
    readonly passes: "fused" | "sequential";
  };
  readonly sampler: {
    readonly solver: "euler" | "unipc" | "dpmpp2m";
    /** Step counts a request may ask for; the first is the default. */
    readonly steps: readonly [number, ...number[]];
    readonly shift: number;
    readonly boundary: number;
    readonly guidance: GuidanceSetting;
  };
}

/** A pipeline spec, checked and with every default filled in. */
export interface PipelineSpec {
  readonly name: string;
  readonly family: SpecDocument["family"];
  /** Folder with the weights, relative to the folder of the spec file. */
  readonly checkpoint: string;
  readonly video: Readonly<SpecDocument["video"]>;
  readonly target: {
    readonly runtime: "onnxruntime" | "tensorrt";
    /** Container release such as `26.08`, or `embedded`. */
    readonly triton: string;
    readonly gpu: string | undefined;
    /** TensorRT of the server, where the spec says it. */
    readonly tensorrt: string | undefined;
    readonly build: NonNullable<SpecDocument["target"]["build"]>;
    readonly experts: "resident" | "relay";
    readonly threads: number;
  };
  readonly stages: {
    readonly textEncoder: Readonly<SpecDocument["stages"]["textEncoder"]>;
    readonly vaeDecoder: Readonly<SpecDocument["stages"]["vaeDecoder"]>;
    readonly videoEncoder: {
      readonly codec: "h264" | "vp9";
      readonly crf: number;
      readonly enlarge: number;
    };
  };
  /** Sets of weights that are made here, by name. */
  readonly weights: Readonly<Record<string, WeightsRecipe>>;
  readonly variants: Readonly<Record<string, VariantSpec>>;
}
