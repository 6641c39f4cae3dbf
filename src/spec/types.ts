import type { GuidanceSetting, PrecisionName, SpecDocument } from "./schema.ts";

/** One variant with every default filled in. */
export interface VariantSpec {
  readonly experts: {
    readonly precision: PrecisionName;
    /** Name of the weights; `base` unless the spec names another set. */
    readonly weights: string;
    readonly calibration: string | undefined;
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
    readonly experts: "resident" | "relay";
    readonly threads: number;
  };
  readonly stages: {
    readonly textEncoder: { readonly precision: PrecisionName };
    readonly vaeDecoder: { readonly precision: PrecisionName };
    readonly videoEncoder: {
      readonly codec: "h264" | "vp9";
      readonly crf: number;
      readonly enlarge: number;
    };
  };
  readonly variants: Readonly<Record<string, VariantSpec>>;
}
