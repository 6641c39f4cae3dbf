import Type, { type Static } from "typebox";

/** An object that refuses unknown keys. */
function strict<P extends Type.TProperties>(
  properties: P,
  options: Type.TObjectOptions = {},
): Type.TObject<P> {
  return Type.Object(properties, { additionalProperties: false, ...options });
}

const NAME = "^[a-z][a-z0-9_.-]{0,62}$";

const Precision = Type.Enum(["fp32", "fp16", "bf16", "int8", "fp8"], {
  description: "Datatype of the weights. I/O tensors are the same for all of them.",
});

const SCALE = { minimum: 0, maximum: 30 };

const Guidance = Type.Union(
  [
    Type.Literal("off"),
    strict({
      highNoise: Type.Number({ ...SCALE, description: "Guidance scale while the high-noise expert runs." }),
      lowNoise: Type.Number({ ...SCALE, description: "Guidance scale while the low-noise expert runs." }),
    }),
  ],
  { description: "Classifier-free guidance by expert, or `off` for a graph that runs one pass a step." },
);

const Sampler = strict({
  solver: Type.Enum(["euler", "unipc", "dpmpp2m"], {
    description: "ODE solver, by its diffusers name in short.",
  }),
  steps: Type.Array(Type.Integer({ minimum: 1, maximum: 200 }), {
    minItems: 1,
    uniqueItems: true,
    description: "The step counts a request may ask for; the first is the default.",
  }),
  shift: Type.Number({
    exclusiveMinimum: 0,
    maximum: 100,
    description: "Flow shift. Always written, never inherited from a scheduler's config.",
  }),
  boundary: Type.Number({
    minimum: 0,
    maximum: 1,
    description: "Share of the noise range above which the high-noise expert runs.",
  }),
  guidance: Guidance,
});

const Variant = strict({
  experts: strict({
    precision: Precision,
    weights: Type.Optional(
      Type.String({
        pattern: NAME,
        description: "Name of a set of expert weights; default: the base model's.",
      }),
    ),
    calibration: Type.Optional(
      Type.String({ minLength: 1, description: "File of calibration prompts, one a line; needed for int8." }),
    ),
  }),
  sampler: Sampler,
});

/** Variant names are identifiers too: a client says `studio.draft`. */
const VARIANT_NAME = "^[a-z][a-z0-9_]{0,62}$";

/** JSON Schema of a pipeline spec, version 1. `triptych schema` prints it for editors. */
export const SPEC_SCHEMA = strict(
  {
    version: Type.Literal(1, { description: "Version of the spec format." }),
    name: Type.String({ pattern: NAME, description: "Name of the pipeline and of its model repository." }),
    family: Type.Enum(["wan-tiny", "wan2.2-t2v-a14b"], { description: "Model family." }),
    checkpoint: Type.Optional(
      Type.String({
        minLength: 1,
        description: "Folder with the weights, relative to the spec; default ../models/<name>.",
      }),
    ),
    video: strict({
      width: Type.Integer({ minimum: 16, maximum: 4096, description: "Pixels; a multiple of 16." }),
      height: Type.Integer({ minimum: 16, maximum: 4096, description: "Pixels; a multiple of 16." }),
      frames: Type.Integer({ minimum: 1, maximum: 1001, description: "Frames of a clip; 4n+1." }),
      fps: Type.Integer({ minimum: 1, maximum: 120, description: "Frames per second of the MP4." }),
    }),
    target: strict({
      runtime: Type.Enum(["onnxruntime", "tensorrt"], { description: "What runs the networks." }),
      triton: Type.Union([Type.Literal("embedded"), Type.String({ pattern: "^[0-9]{2}\\.[0-9]{2}$" })], {
        description:
          "Container release such as 26.08, or `embedded` for the server Triptych brings for one machine.",
      }),
      gpu: Type.Optional(
        Type.String({ minLength: 1, description: "GPU the engines are built for, such as a40." }),
      ),
      experts: Type.Enum(["resident", "relay"], {
        description: "Keep both experts loaded, or load the one that is needed.",
      }),
      threads: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: 256,
          description: "CPU threads of each onnxruntime model; default 1.",
        }),
      ),
    }),
    stages: strict({
      textEncoder: strict({ precision: Precision }),
      vaeDecoder: strict({ precision: Precision }),
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

/** One variant as written. */
export type VariantDocument = Static<typeof Variant>;

/** Guidance scales by expert, or `off`. */
export type GuidanceSetting = Static<typeof Guidance>;

/** Datatype of weights. */
export type PrecisionName = Static<typeof Precision>;
