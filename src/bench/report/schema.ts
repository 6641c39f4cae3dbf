import {
  AMOUNT,
  GENERATOR,
  HOST,
  HOST_LOAD,
  listOf,
  MEASUREMENT,
  MODEL,
  NUMBER,
  PIPELINE,
  RESOURCES,
  SERVER,
  strict,
  TEXT,
  TEXTS,
  WHOLE,
} from "../records/schema.ts";
import { REPORT_VERSION } from "./types.ts";

const INTERVAL = {
  type: "array",
  minItems: 2,
  maxItems: 2,
  items: NUMBER,
  description: "95 % interval by resampling.",
} as const;

const SUMMARY = strict(
  {
    n: WHOLE,
    mean: NUMBER,
    meanInterval: INTERVAL,
    min: NUMBER,
    max: NUMBER,
    percentiles: {
      ...listOf(strict({ p: AMOUNT, value: NUMBER, low: NUMBER, high: NUMBER })),
      description:
        "Only those that n carries: p50 from 5 values on, p90 29, p95 59, p99 299, p99.9 2995. Each bound is an order statistic that is passed with 95 % certainty on its own.",
    },
  },
  ["meanInterval"],
);

const MODEL_TIME = strict({
  model: TEXT,
  callsPerRequest: AMOUNT,
  perCallMs: AMOUNT,
  perRequestMs: AMOUNT,
  queueMs: AMOUNT,
  inputMs: AMOUNT,
  inferMs: AMOUNT,
  outputMs: AMOUNT,
});

const TIME = {
  ...strict({
    wholeMs: AMOUNT,
    parts: listOf(strict({ name: TEXT, perRequestMs: NUMBER, share: NUMBER, models: listOf(MODEL_TIME) })),
    foreignRequests: {
      type: "integer",
      description: "Requests that all front doors counted beyond those that succeeded here.",
    },
    foreignCalls: {
      ...listOf(strict({ model: TEXT, calls: WHOLE })),
      description: "Calls of models that the measured requests did not make.",
    },
  }),
  description: "Where the time of a request goes; the parts add up to the whole.",
} as const;

const STAGE = strict({ stage: TEXT, stepsPerRequest: AMOUNT, perStepMs: AMOUNT, perRequestMs: AMOUNT });

const VARIANT = strict(
  {
    variant: TEXT,
    responseMs: SUMMARY,
    stages: listOf(STAGE),
    highNoiseSteps: AMOUNT,
    lowNoiseSteps: AMOUNT,
  },
  ["highNoiseSteps", "lowNoiseSteps"],
);

const UNITS = strict(
  {
    framesPerSecond: AMOUNT,
    secondsPerVideoSecond: AMOUNT,
    meanBytes: AMOUNT,
    gpuSecondsPerClip: AMOUNT,
    joulesPerClip: AMOUNT,
  },
  ["gpuSecondsPerClip", "joulesPerClip"],
);

const CHECK = strict({
  name: { enum: ["requests", "failures", "complete", "generator", "host", "server"] },
  verdict: { enum: ["passed", "warned", "failed", "unknown"] },
  message: TEXT,
});

const POINT = strict(
  {
    name: TEXT,
    startedAt: TEXT,
    measurement: MEASUREMENT,
    host: HOST,
    server: SERVER,
    endpoints: TEXTS,
    interrupted: { type: "boolean" },
    complete: { type: "boolean" },
    requests: strict({
      succeeded: WHOLE,
      failed: WHOLE,
      warmUp: WHOLE,
      errors: listOf(strict({ code: TEXT, count: WHOLE, message: TEXT })),
    }),
    spanSeconds: AMOUNT,
    clipsPerSecond: AMOUNT,
    clipsPerSecondInterval: INTERVAL,
    responseMs: { ...SUMMARY, description: "From when a request was due to when it was done." },
    serviceMs: { ...SUMMARY, description: "From when it was sent." },
    lagMs: { ...SUMMARY, description: "From when it was due to when it was sent." },
    units: UNITS,
    variants: listOf(VARIANT),
    time: TIME,
    models: listOf(MODEL),
    resources: RESOURCES,
    generator: GENERATOR,
    load: HOST_LOAD,
    checks: listOf(CHECK),
    missing: TEXTS,
    overTime: listOf(strict({ atSeconds: AMOUNT, n: WHOLE, min: NUMBER, median: NUMBER, max: NUMBER })),
    distribution: listOf(strict({ fromMs: NUMBER, toMs: NUMBER, count: WHOLE })),
  },
  ["clipsPerSecondInterval", "responseMs", "serviceMs", "lagMs", "units", "time", "generator", "load"],
);

const VARIANT_SUMMARY = strict(
  {
    variant: TEXT,
    point: TEXT,
    meanMs: AMOUNT,
    clipsPerSecond: AMOUNT,
    peakRssBytes: AMOUNT,
    expertBytes: { ...AMOUNT, description: "Bytes of the experts on disk." },
    quality: { type: "object", additionalProperties: NUMBER },
  },
  ["meanMs", "peakRssBytes", "expertBytes"],
);

/** JSON Schema of a report. */
export const REPORT_SCHEMA = {
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "Triptych bench report",
  description: "What was measured, in milliseconds where a name ends in Ms.",
  ...strict(
    {
      format: { const: "triptych-report" },
      version: { const: REPORT_VERSION },
      pipeline: PIPELINE,
      points: listOf(POINT),
      frontier: TEXTS,
      variants: listOf(VARIANT_SUMMARY),
    },
    ["variants"],
  ),
} as const;
