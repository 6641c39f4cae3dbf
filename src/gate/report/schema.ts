import Type from "typebox";
import { LAYERS } from "../file/types.ts";
import { VERDICT_VERSION } from "./types.ts";

function strict<P extends Type.TProperties>(properties: P, options: Type.TObjectOptions = {}) {
  return Type.Object(properties, { additionalProperties: false, ...options });
}

const Verdicts = Type.Enum(["passed", "failed", "inconclusive", "invalid"], {
  description:
    "passed, failed; inconclusive: the data allow neither; invalid: the run broke, and says nothing about the candidate.",
});

const Estimate = strict(
  {
    n: Type.Integer({ minimum: 0, description: "Pairs of blocks." }),
    ratio: Type.Number({ description: "Hodges-Lehmann estimate of candidate to base: 1.1 is 10 % more." }),
    atLeast: Type.Optional(
      Type.Number({
        description: "It is at least this, but for the risk of failing; absent where n is small.",
      }),
    ),
    atMost: Type.Optional(
      Type.Number({
        description: "It is at most this, but for the risk of passing; absent where n is small.",
      }),
    ),
    spread: Type.Number({ minimum: 0, description: "Standard deviation of the paired logarithms." }),
  },
  { description: "How much slower a candidate is than its base." },
);

const Check = strict({
  name: Type.String(),
  layer: Type.Enum([...LAYERS], { description: "Layer of the gate file." }),
  variant: Type.String({ description: "Variant of the spec." }),
  metric: Type.String({ description: "What was looked at." }),
  severity: Type.Enum(["fail", "warn"], { description: "Whether it decides the verdict." }),
  verdict: Verdicts,
  message: Type.String({ description: "One line with the numbers." }),
  value: Type.Optional(
    Type.Union([Type.Number(), Type.String()], {
      description: "What was measured, as `triptych gate accept` takes it: a number, or a digest.",
    }),
  ),
  estimate: Type.Optional(Estimate),
  accepted: Type.Optional(
    Type.String({ description: "Why a value other than the base's was accepted, where it was." }),
  ),
});

const Part = strict({
  variant: Type.String({ description: "Variant of the spec." }),
  part: Type.String({
    description: "A stage, or `outside`: the client, the network, queues and hand-overs.",
  }),
  baseMs: Type.Number({ description: "What it takes on the base." }),
  deltaMs: Type.Number({ description: "How much more it takes on the candidate." }),
  low: Type.Optional(Type.Number({ description: "Lower bound, 95 %; absent where there are few blocks." })),
  high: Type.Optional(Type.Number({ description: "Upper bound, 95 %; absent where there are few blocks." })),
  sentence: Type.String({ description: "The same for a person to read." }),
});

const Side = strict({
  name: Type.Enum(["base", "candidate"]),
  source: Type.String({ description: "As a person named it." }),
  identity: Type.String({ description: "Digest of what it serves." }),
  server: Type.String({ description: "Name and version of the server." }),
});

/** JSON Schema of a verdict, version 1: what `triptych gate` writes, and what it takes back. */
export const VERDICT_SCHEMA = strict(
  {
    format: Type.Literal("triptych-gate"),
    version: Type.Literal(VERDICT_VERSION, { description: "Version of the verdict format." }),
    gate: Type.String({ description: "Name of the gate." }),
    startedAt: Type.String({ description: "ISO 8601, UTC." }),
    sides: Type.Array(Side),
    host: Type.String({ description: "The machine that measured." }),
    configuration: Type.String({
      description: "Digest of what decides the requests: seed, prompts, variants, clips.",
    }),
    verdict: Verdicts,
    checks: Type.Array(Check),
    blocks: strict({
      measured: Type.Integer({ minimum: 0 }),
      usable: Type.Integer({ minimum: 0 }),
      dropped: Type.Array(Type.String(), { description: "Why each of the others was left out." }),
    }),
    parts: Type.Array(Part, {
      description: "Milliseconds a clip by part; what takes most more time comes first.",
    }),
    familyRisk: Type.Number({
      minimum: 0,
      maximum: 1,
      description: "Highest chance that a candidate that is no slower fails by any relative check.",
    }),
  },
  {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Triptych gate verdict",
    description: "What a gate says of a candidate.",
  },
);
