import Type from "typebox";

/** An object that refuses unknown keys. */
export function strict<P extends Type.TProperties>(
  properties: P,
  options: Type.TObjectOptions = {},
): Type.TObject<P> {
  return Type.Object(properties, { additionalProperties: false, ...options });
}

/** Names that become files, folders and identifiers. */
export const NAME = "^[a-z][a-z0-9_.-]{0,62}$";

/** What a precision decides. */
export const PRECISION = {
  description: "Datatype of the weights. I/O tensors are the same for all of them.",
};

/** Datatype of expert weights. */
export const Precision = Type.Enum(["fp32", "fp16", "bf16", "int8", "fp8"], PRECISION);

/** Text encoder and VAE lose more by 8 bits than they save: next to the experts they are small. */
export const StagePrecision = Type.Enum(["fp32", "fp16", "bf16"], PRECISION);

/** A set of expert weights. */
export const WeightsName = Type.String({
  pattern: NAME,
  description: "Name of a set of expert weights; default: the base model's.",
});

/** One value for both experts, or one for each. */
export function perExpert<T extends Type.TSchema>(value: T, description: string) {
  return Type.Union([value, strict({ highNoise: value, lowNoise: value })], { description });
}

/** A file. */
export const Path = (description: string) => Type.String({ minLength: 1, description });

const SCALE = { minimum: 0, maximum: 30 };

/** Guidance scales by expert, or `off`. */
export const Guidance = Type.Union(
  [
    Type.Literal("off"),
    strict({
      highNoise: Type.Number({ ...SCALE, description: "Guidance scale while the high-noise expert runs." }),
      lowNoise: Type.Number({ ...SCALE, description: "Guidance scale while the low-noise expert runs." }),
    }),
  ],
  { description: "Classifier-free guidance by expert, or `off` for a graph that runs one pass a step." },
);
