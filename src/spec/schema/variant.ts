import Type from "typebox";
import { Guidance, Path, PRECISION, Precision, perExpert, strict, WeightsName } from "./parts.ts";

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

const Quantise = strict({
  smooth: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 1,
      description: "SmoothQuant strength: share of activation outliers that moves into the weights.",
    }),
  ),
  keep: Type.Optional(
    Type.Array(Type.String({ minLength: 1 }), {
      uniqueItems: true,
      description: "Patterns of ONNX node names that stay in high precision.",
    }),
  ),
  keepBlocks: Type.Optional(
    Type.String({
      pattern: "^\\d+(-\\d+)?(,\\d+(-\\d+)?)*$",
      description: "Blocks that stay in high precision, such as 0-2,37-39.",
    }),
  ),
  method: Type.Optional(
    Type.Enum(["max", "entropy"], { description: "How ranges are taken from the calibration; default max." }),
  ),
});

/** What a request may choose between. */
export const Variant = strict({
  experts: strict({
    precision: perExpert(Precision, PRECISION.description),
    weights: Type.Optional(
      perExpert(WeightsName, "Name of a set of expert weights; default: the base model's."),
    ),
    calibration: Type.Optional(
      Path("File of calibration prompts, one a line, relative to the spec; needed for int8 and fp8."),
    ),
    quantise: Type.Optional(Quantise),
    passes: Type.Optional(
      Type.Enum(["fused", "sequential"], {
        description:
          "How a guided step runs its two passes inside the graph: as one batch, or one after the other in half the memory; default fused.",
      }),
    ),
  }),
  sampler: Sampler,
});
