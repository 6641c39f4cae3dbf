import Type from "typebox";
import { Guidance, Path, strict, WeightsName } from "./parts.ts";

const Share = (description: string) =>
  Type.Optional(Type.Number({ minimum: 0, exclusiveMaximum: 1, description }));

const Steps = (description: string) => Type.Integer({ minimum: 1, maximum: 10_000_000, description });

/** What every training that follows a parent takes. */
const TRAINING = {
  learningRate: Type.Optional(
    Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      description: "Peak learning rate; the tool's own by default.",
    }),
  ),
  batch: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 65_536,
      description: "Points in a batch; the tool's own by default.",
    }),
  ),
};

const Prune = strict({
  ffn: Share("Share of the feed-forward channels that goes."),
  width: Share("Share of the attention heads that goes, with the width of the model that hangs on them."),
  blocks: Type.Optional(Type.Integer({ minimum: 0, description: "Whole blocks that go." })),
  score: Type.Optional(
    Type.Enum(["magnitude", "taylor"], { description: "What goes first; default magnitude." }),
  ),
  rounds: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 100,
      description: "Rounds that the shares are spread over; default 2.",
    }),
  ),
  recover: Type.Optional(Steps("Training steps after pruning, spread over the rounds.")),
  ...TRAINING,
});

const Distil = strict({
  steps: Type.Integer({ minimum: 1, maximum: 50, description: "Steps of the student." }),
  match: Type.Optional(Steps("Training steps in which each expert learns its own steps; default 1200.")),
  rollOut: Type.Optional(
    Steps("Training steps in which both experts are played from noise to the end; default 300."),
  ),
  losses: Type.Optional(
    Type.Array(Type.Enum(["trajectory", "end", "distribution"]), {
      minItems: 1,
      uniqueItems: true,
      description: "Loss terms of the roll-out; default trajectory and end.",
    }),
  ),
});

const Lora = strict({
  highNoise: Path("LoRA of the high-noise expert, relative to the spec."),
  lowNoise: Path("LoRA of the low-noise expert, relative to the spec."),
  scale: Type.Optional(
    Type.Number({ exclusiveMinimum: 0, maximum: 10, description: "Strength; default 1." }),
  ),
});

const Samples = strict({
  prompts: Path("File of prompts that the teacher's paths are recorded for, relative to the spec."),
  each: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 100_000, description: "Paths for each prompt; default 1." }),
  ),
  shift: Type.Number({ exclusiveMinimum: 0, maximum: 100, description: "Flow shift of the recorded paths." }),
  steps: Type.Integer({ minimum: 1, maximum: 200, description: "Points of a path that are kept." }),
  refine: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 100,
      description: "Teacher's steps from point to point; default 6.",
    }),
  ),
  solver: Type.Optional(
    Type.Enum(["unipc", "euler"], { description: "What integrates the paths; default unipc." }),
  ),
  guidance: Guidance,
});

/** How a set of expert weights is made from another. */
export const Recipe = strict({
  from: Type.Optional(WeightsName),
  prune: Type.Optional(Prune),
  sparsity: Type.Optional(
    strict({
      pattern: Type.Literal("2:4", { description: "Two of four neighbouring weights are zero." }),
      method: Type.Optional(
        Type.Enum(["magnitude", "sparsegpt"], { description: "Which two of four stay; default magnitude." }),
      ),
      recover: Type.Optional(Steps("Training steps with the pattern held.")),
      ...TRAINING,
    }),
  ),
  distil: Type.Optional(Distil),
  qat: Type.Optional(strict({ steps: Steps("Training steps with fake quantisers."), ...TRAINING })),
  lora: Type.Optional(Lora),
  samples: Type.Optional(Samples),
});
