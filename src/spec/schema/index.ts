import Type, { type Static } from "typebox";
import { type Guidance, NAME, Path, type Precision, StagePrecision, strict } from "./parts.ts";
import { Target } from "./target.ts";
import { Variant } from "./variant.ts";
import { Recipe } from "./weights.ts";

/** Variant names are identifiers too: a client says `studio.draft`. */
const VARIANT_NAME = "^[a-z][a-z0-9_]{0,62}$";

/** JSON Schema of a pipeline spec, version 1. `triptych schema` prints it for editors. */
export const SPEC_SCHEMA = strict(
  {
    version: Type.Literal(1, { description: "Version of the spec format." }),
    name: Type.String({ pattern: NAME, description: "Name of the pipeline and of its model repository." }),
    family: Type.Enum(["wan-tiny", "wan2.2-t2v-a14b"], { description: "Model family." }),
    checkpoint: Type.Optional(
      Path("Folder with the weights, relative to the spec; default ../models/<name>."),
    ),
    video: strict({
      width: Type.Integer({ minimum: 16, maximum: 4096, description: "Pixels; a multiple of 16." }),
      height: Type.Integer({ minimum: 16, maximum: 4096, description: "Pixels; a multiple of 16." }),
      frames: Type.Integer({ minimum: 1, maximum: 1001, description: "Frames of a clip; 4n+1." }),
      fps: Type.Integer({ minimum: 1, maximum: 120, description: "Frames per second of the MP4." }),
    }),
    target: Target,
    stages: strict({
      textEncoder: strict({ precision: StagePrecision }),
      vaeDecoder: strict({ precision: StagePrecision }),
      videoEncoder: Type.Optional(
        strict({
          codec: Type.Optional(
            Type.Enum(["h264", "vp9"], { description: "Codec inside the MP4; default h264." }),
          ),
          crf: Type.Optional(
            Type.Integer({
              minimum: 0,
              maximum: 51,
              description: "Constant rate factor, less is better; default 18.",
            }),
          ),
          enlarge: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 8,
              description: "Whole factor the picture grows by; default 1.",
            }),
          ),
        }),
      ),
    }),
    weights: Type.Optional(
      Type.Record(Type.String({ pattern: NAME }), Recipe, {
        additionalProperties: false,
        description:
          "Sets of expert weights that are made here, each from another one by one of prune, sparsity, distil, qat or lora.",
      }),
    ),
    variants: Type.Record(Type.String({ pattern: VARIANT_NAME }), Variant, {
      minProperties: 1,
      additionalProperties: false,
      description: "What a request may choose between, such as final and draft.",
    }),
  },
  {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Triptych pipeline spec",
    description: "One typed description of a video-diffusion pipeline.",
  },
);

/** A spec as written, before defaults. */
export type SpecDocument = Static<typeof SPEC_SCHEMA>;

/** A recipe for a set of weights as written. */
export type RecipeDocument = Static<typeof Recipe>;

/** One variant as written. */
export type VariantDocument = Static<typeof Variant>;

/** Guidance scales by expert, or `off`. */
export type GuidanceSetting = Static<typeof Guidance>;

/** Datatype of weights. */
export type PrecisionName = Static<typeof Precision>;
