import { STAGES } from "../../client/index.ts";
import { ERROR_CODES } from "../../errors/index.ts";
import { RECORDS_VERSION } from "./types.ts";

/** An object that has all of its keys but the optional ones, and no others. */
export function strict(properties: Readonly<Record<string, object>>, optional: readonly string[] = []) {
  const required = Object.keys(properties).filter((key) => !optional.includes(key));
  return { type: "object", additionalProperties: false, required, properties } as const;
}

export const TEXT = { type: "string" } as const;
export const NUMBER = { type: "number" } as const;
export const AMOUNT = { type: "number", minimum: 0 } as const;
export const WHOLE = { type: "integer", minimum: 0 } as const;
export const TEXTS = { type: "array", items: TEXT } as const;

export function mapOf(value: object) {
  return { type: "object", additionalProperties: value } as const;
}

export function listOf(value: object) {
  return { type: "array", items: value } as const;
}

const COUNTED = {
  type: "array",
  minItems: 2,
  maxItems: 2,
  items: { type: "string", pattern: "^[0-9]+$" },
  description: "A count and its nanoseconds, in decimal digits: both may be beyond 2^53.",
} as const;

const LOAD = {
  oneOf: [
    strict({ kind: { const: "closed" }, concurrency: WHOLE }),
    strict({ kind: { enum: ["constant", "poisson"] }, perSecond: AMOUNT }),
    strict({ kind: { const: "ramp" }, fromPerSecond: AMOUNT, toPerSecond: AMOUNT }),
    strict({ kind: { const: "trace" }, offsetsMs: listOf(AMOUNT) }),
  ],
} as const;

const UNTIL = strict({ requests: WHOLE, durationMs: AMOUNT }, ["requests", "durationMs"]);

/** What is measured, and how. */
export const MEASUREMENT = strict({
  load: LOAD,
  extent: UNTIL,
  warmUp: UNTIL,
  mix: strict({
    variants: listOf(strict({ variant: TEXT, weight: AMOUNT, steps: WHOLE }, ["steps"])),
    prompts: listOf(strict({ text: TEXT, weight: AMOUNT })),
  }),
  seed: WHOLE,
  door: { enum: ["stream", "ensemble"] },
  maxInFlight: WHOLE,
  deadlineMs: AMOUNT,
});

/** The sender's machine. */
export const HOST = strict({ cpu: TEXT, cores: WHOLE, memoryBytes: WHOLE, node: TEXT, platform: TEXT });

/** The measured pipeline. */
export const PIPELINE = strict({
  pipeline: TEXT,
  video: strict({ width: WHOLE, height: WHOLE, frames: WHOLE, fps: AMOUNT }),
  variants: mapOf(
    strict({ ensemble: TEXT, stream: TEXT, steps: listOf(WHOLE), guidance: { type: "boolean" } }),
  ),
});

/** Who served. */
export const SERVER = strict({ name: TEXT, version: TEXT });

const START = strict({
  kind: { const: "start" },
  format: { const: "triptych-bench" },
  version: { const: RECORDS_VERSION },
  name: TEXT,
  startedAt: { ...TEXT, format: "date-time" },
  measurement: MEASUREMENT,
  pipeline: PIPELINE,
  server: SERVER,
  endpoints: TEXTS,
  host: HOST,
});

const STAGE = { type: "array", minItems: 2, maxItems: 2, items: AMOUNT } as const;

const REQUEST = strict(
  {
    kind: { const: "request" },
    index: WHOLE,
    phase: { enum: ["warm-up", "measured"] },
    variant: TEXT,
    prompt: WHOLE,
    seed: WHOLE,
    endpoint: WHOLE,
    dueMs: { ...NUMBER, description: "When it should have been sent, in milliseconds from the start." },
    sentMs: NUMBER,
    doneMs: NUMBER,
    outcome: { enum: ["ok", ...Object.keys(ERROR_CODES)] },
    bytes: WHOLE,
    stages: {
      ...strict(Object.fromEntries(STAGES.map((stage) => [stage, STAGE])), STAGES),
      description: "Steps and milliseconds of each stage.",
    },
    message: TEXT,
  },
  ["bytes", "stages", "message"],
);

/** What Triton counted for one model. */
export const MODEL = strict({
  model: TEXT,
  inferences: TEXT,
  executions: TEXT,
  success: COUNTED,
  fail: COUNTED,
  queue: COUNTED,
  input: COUNTED,
  infer: COUNTED,
  output: COUNTED,
});

/** What the sender saw of itself. */
export const GENERATOR = strict({ utilization: AMOUNT, loopDelayP99Ms: AMOUNT, capped: WHOLE });

/** What else the machine did. */
export const HOST_LOAD = strict({ busy: AMOUNT, steal: AMOUNT, others: AMOUNT, spin: AMOUNT }, ["others"]);

/** What the measured requests cost. */
export const RESOURCES = strict(
  {
    process: strict({
      pid: WHOLE,
      processes: WHOLE,
      cores: AMOUNT,
      meanRssBytes: AMOUNT,
      peakRssBytes: AMOUNT,
    }),
    gpu: strict({ gpus: WHOLE, gpuSeconds: AMOUNT, peakMemoryBytes: AMOUNT, joules: AMOUNT }, ["joules"]),
  },
  ["process", "gpu"],
);

const END = strict({
  kind: { const: "end" },
  interrupted: { type: "boolean" },
  measuredFromMs: AMOUNT,
  models: listOf(MODEL),
  generator: GENERATOR,
  load: HOST_LOAD,
  resources: RESOURCES,
  missing: TEXTS,
});

/** What the first and the last line are checked by; the checker knows no formats, and reads no dates. */
export const RECORD_PARTS = {
  start: {
    ...START,
    properties: { ...START.properties, startedAt: { ...TEXT, pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}" } },
  },
  end: END,
} as const;

/** JSON Schema of one line of a record file. */
export const RECORD_SCHEMA = {
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "Triptych bench record",
  description: "One line of a record file: first the start, then a line for each request, last the end.",
  oneOf: [START, REQUEST, END],
} as const;
