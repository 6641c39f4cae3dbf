import Type, { type Static } from "typebox";

function strict<P extends Type.TProperties>(properties: P, options: Type.TObjectOptions = {}) {
  return Type.Object(properties, { additionalProperties: false, ...options });
}

/** Check names become names of test cases and arguments of commands. */
const CHECK_NAME = "^[a-z][a-z0-9_.-]{0,62}$";

const VariantName = Type.String({ minLength: 1, description: "Variant of the spec." });

const Severity = Type.Optional(
  Type.Enum(["fail", "warn"], {
    description: "Whether it decides the verdict, or is only told; default fail.",
  }),
);

/** Stages as the server tells them, and what a person waits for. */
const TIMES = [
  "response",
  "tokenizer",
  "text_encoder",
  "high_noise",
  "low_noise",
  "vae_decoder",
  "video_encoder",
] as const;

const checksOf = <T extends Type.TSchema>(check: T, description: string) =>
  Type.Optional(
    Type.Record(Type.String({ pattern: CHECK_NAME }), check, {
      additionalProperties: false,
      // A layer without a check would judge nothing and pass.
      minProperties: 1,
      description,
    }),
  );

const Slo = strict({
  variant: VariantName,
  metric: Type.Enum(["response", "throughput", "failures", "memory"], {
    description: "Milliseconds from due to done, clips a second, share of failed requests, or peak MiB.",
  }),
  percentile: Type.Optional(
    Type.Number({
      exclusiveMinimum: 0,
      exclusiveMaximum: 100,
      description: "Of the response time; the mean where absent.",
    }),
  ),
  most: Type.Optional(Type.Number({ minimum: 0, description: "Upper limit." })),
  least: Type.Optional(Type.Number({ minimum: 0, description: "Lower limit, for throughput." })),
  severity: Severity,
});

const Exact = strict({
  variant: VariantName,
  metric: Type.Enum(["video", "frames", "bytes", "calls"], {
    description:
      "Digest of the MP4s, digest of the frames, bytes of the MP4s, or calls of each model a clip.",
  }),
  severity: Severity,
});

const Quality = strict({
  variant: VariantName,
  metric: Type.Enum(["psnr", "ssim", "finite", "flicker", "adherence"], {
    description: "What is looked at in the clips of fixed seeds.",
  }),
  against: Type.Optional(
    Type.String({ description: "Variant of the candidate to compare with; the base where absent." }),
  ),
  least: Type.Optional(
    Type.Number({ description: "Lower limit of the worst clip, or of the share that is right." }),
  ),
  leastMean: Type.Optional(Type.Number({ description: "Lower limit of the mean over the clips." })),
  most: Type.Optional(Type.Number({ description: "Upper limit of the worst clip, for flicker." })),
  command: Type.Optional(
    Type.Array(Type.String({ minLength: 1 }), {
      minItems: 1,
      description: "Program that judges adherence: a JSON list of clips on stdin, one of verdicts on stdout.",
    }),
  ),
  severity: Severity,
});

const Relative = strict({
  variant: VariantName,
  metric: Type.Enum([...TIMES, "memory"], { description: "Response time, time of a stage, or memory." }),
  statistic: Type.Optional(
    Type.Enum(["median", "mean"], { description: "What a block's clips are summed up by; default median." }),
  ),
  tolerance: Type.Number({
    exclusiveMinimum: 0,
    maximum: 10,
    description:
      "Share by which the candidate may be slower, such as 0.15; `triptych gate calibrate` proposes it.",
  }),
  severity: Severity,
});

const Trend = strict({
  variant: VariantName,
  metric: Type.Enum(TIMES, { description: "Response time or time of a stage." }),
});

/** JSON Schema of a gate file, version 1. */
export const GATE_SCHEMA = strict(
  {
    version: Type.Literal(1, { description: "Version of the gate file format." }),
    name: Type.String({ pattern: CHECK_NAME, description: "Name of the gate." }),
    spec: Type.String({ minLength: 1, description: "Pipeline spec, relative to this file." }),
    accepted: Type.Optional(
      Type.String({
        minLength: 1,
        description: "File that `triptych gate accept` writes, relative to this one.",
      }),
    ),
    history: Type.Optional(
      Type.String({ minLength: 1, description: "File of earlier runs, for trend, relative to this one." }),
    ),
    seed: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 2 ** 32,
        description: "Decides order, prompts and seeds; default 1.",
      }),
    ),
    prompts: Type.Array(Type.String({ minLength: 1 }), {
      minItems: 1,
      description: "What clips show, in turn.",
    }),
    blocks: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 500, description: "Blocks before the first look; default 20." }),
    ),
    most: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1000,
        description: "Most blocks, where checks are inconclusive before; default twice the blocks.",
      }),
    ),
    clips: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1000,
        description: "Clips of each variant in half a block; default 2.",
      }),
    ),
    warmUp: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 1000,
        description: "Clips of each side that do not count; default 2.",
      }),
    ),
    samples: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1000,
        description: "Clips for exact and quality checks; default 4.",
      }),
    ),
    deadline: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, description: "Most seconds a clip may take; default 3600." }),
    ),
    host: Type.Optional(
      strict(
        {
          steal: Type.Optional(
            Type.Number({
              minimum: 0,
              maximum: 1,
              description: "Share of time the hypervisor may take; default 0.05.",
            }),
          ),
          others: Type.Optional(
            Type.Number({
              minimum: 0,
              maximum: 1,
              description: "Share of cores for other programs; default 0.2.",
            }),
          ),
          timers: Type.Optional(
            Type.Number({
              minimum: 0,
              description:
                "How late timers of the sender may fire, as a share of a clip's time; default 0.2.",
            }),
          ),
        },
        { description: "Blocks in which the machine was busier than this are left out." },
      ),
    ),
    checks: strict(
      {
        slo: checksOf(Slo, "Absolute limits."),
        exact: checksOf(Exact, "What must be as in the base, or as it was accepted."),
        quality: checksOf(Quality, "What the clips must be like."),
        relative: checksOf(Relative, "How much slower than the base the candidate may be."),
        trend: checksOf(Trend, "Told against earlier runs; never fails."),
      },
      { minProperties: 1, description: "Checks by layer, each with a name of its own." },
    ),
  },
  {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Triptych gate",
    description: "What a candidate must be like to pass, absolutely and next to its base.",
  },
);

/** A gate file as written, before defaults. */
export type GateDocument = Static<typeof GATE_SCHEMA>;

/** Checks of each layer as written. */
export interface CheckDocuments {
  readonly slo: Static<typeof Slo>;
  readonly exact: Static<typeof Exact>;
  readonly quality: Static<typeof Quality>;
  readonly relative: Static<typeof Relative>;
  readonly trend: Static<typeof Trend>;
}
