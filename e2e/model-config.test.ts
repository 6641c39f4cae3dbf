import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TriptychError } from "../src/errors/index.ts";
import { type EnsembleStep, type ModelConfig, printModelConfig } from "../src/model-config/index.ts";
import { DATATYPES, type TensorSpec } from "../src/tensor/index.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What the judge says of one text. */
interface Verdict {
  readonly message?: Record<string, unknown>;
  readonly error?: string;
}

/** Reads the texts with Google's parser and Triton's schema. No judge is a failure: a skipped judge approves anything. */
function judge(texts: Readonly<Record<string, string>>): Record<string, Verdict> {
  const python = process.env["TRIPTYCH_JUDGE_PYTHON"] ?? `${root}.venv-judge/bin/python`;
  if (!existsSync(python)) {
    throw new TriptychError("python-missing", `The judge's Python is not at ${python}; run: make judge-env`);
  }
  const { status, stdout, stderr } = spawnSync(python, [`${root}e2e/judges/model_config.py`], {
    input: JSON.stringify({ texts }),
    encoding: "utf8",
    maxBuffer: 64 * 2 ** 20,
  });
  if (status !== 0) {
    throw new TriptychError("process-failed", `The judge failed; run: make judge-env\n${stderr}`);
  }
  return JSON.parse(stdout) as Record<string, Verdict>;
}

/**
 * A config as the judge prints one: the schema's names, 64-bit numbers as strings, and nothing where a
 * singular field equals its default. Written from the schema, apart from the printer.
 */
function asProtoJson(config: ModelConfig): Record<string, unknown> {
  return present({
    name: config.name,
    platform: config.platform,
    backend: config.backend,
    max_batch_size: config.maxBatchSize,
    default_model_filename: config.defaultModelFilename,
    version_policy: config.versionPolicy && {
      latest: present({ num_versions: config.versionPolicy.latest }),
    },
    model_transaction_policy: message(config.decoupled, (decoupled) => ({ decoupled })),
    response_cache: message(config.responseCache, (enable) => ({ enable })),
    input: some(config.inputs.map(tensorJson)),
    output: some(config.outputs.map(tensorJson)),
    instance_group: some(
      (config.instanceGroups ?? []).map(({ count, kind, gpus = [] }) =>
        present({ count, kind: kind === "KIND_AUTO" ? undefined : kind, gpus: some(gpus) }),
      ),
    ),
    dynamic_batching: message(config.dynamicBatching, ({ defaultQueuePolicy }) => ({
      default_queue_policy: message(defaultQueuePolicy, (policy) => ({
        timeout_action: policy.timeoutAction === "REJECT" ? undefined : policy.timeoutAction,
        default_timeout_microseconds: int64(policy.defaultTimeoutMicroseconds),
        allow_timeout_override: policy.allowTimeoutOverride,
        max_queue_size: policy.maxQueueSize,
      })),
    })),
    ensemble_scheduling: message(config.ensembleSteps, (steps) => ({ step: some(steps.map(stepJson)) })),
    parameters: someMap(config.parameters, (value) => present({ string_value: value })),
  });
}

function tensorJson({ name, datatype, dims, optional }: TensorSpec): Record<string, unknown> {
  const type = datatype === "BYTES" ? "TYPE_STRING" : `TYPE_${datatype}`;
  return present({ name, data_type: type, dims: dims.map(String), optional });
}

function stepJson(step: EnsembleStep): Record<string, unknown> {
  return present({
    model_name: step.modelName,
    model_version: int64(step.modelVersion),
    input_map: someMap(step.inputMap, (value) => value),
    output_map: someMap(step.outputMap, (value) => value),
  });
}

function int64(value = 0): string | undefined {
  return value === 0 ? undefined : String(value);
}

function some<T>(items: readonly T[]): readonly T[] | undefined {
  return items.length === 0 ? undefined : items;
}

function someMap(
  entries: Readonly<Record<string, string>> = {},
  write: (value: string) => unknown,
): Record<string, unknown> | undefined {
  const written = Object.entries(entries).map(([key, value]) => [key, write(value)] as const);
  return written.length === 0 ? undefined : Object.fromEntries(written);
}

function message<T>(value: T | undefined, write: (value: T) => Record<string, unknown>): unknown {
  return value === undefined ? undefined : present(write(value));
}

/** Leaves out what a reader of the message does not see: absent fields and the defaults of singular ones. */
function present(fields: Record<string, unknown>): Record<string, unknown> {
  const unseen: readonly unknown[] = [undefined, 0, false, ""];
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !unseen.includes(value)));
}

const NASTY: Readonly<Record<string, string>> = {
  quotes: `"double" 'single' \`back\``,
  backslashes: "\\ \\\\ \\n \\x41 ends in \\",
  "line breaks": "a\nb\r\nc\rd\te\u000bf\fg",
  "no comment": "# not // a comment",
  "no message": '} parameters { key: "x" }',
  control: "\u00017\u00008\u001b[31m\u007f9",
  "beyond ASCII": "红色圆形 赤い円 é é ß \u0085 \u2028 \ufeff \ufffd",
  "beyond the BMP": "🎬👩‍🚀𐀀\u{10ffff}",
  empty: "",
  "": "empty key",
  'key "quoted"\n\\': "and broken",
};

const BARE: ModelConfig = { name: "bare", maxBatchSize: 0, inputs: [], outputs: [] };

const STREAM: ModelConfig = {
  name: "final_stream",
  backend: "python",
  maxBatchSize: 0,
  defaultModelFilename: "model.py",
  versionPolicy: { latest: 2 },
  decoupled: true,
  responseCache: false,
  inputs: [
    { name: "PROMPT", datatype: "BYTES", dims: [1] },
    { name: "SEED", datatype: "INT64", dims: [1], optional: true },
  ],
  outputs: [{ name: "FRAMES", datatype: "UINT8", dims: [-1, 480, 832, 3] }],
  instanceGroups: [
    { count: 2, kind: "KIND_GPU", gpus: [0, 1] },
    { count: 1, kind: "KIND_CPU" },
    { count: 3, kind: "KIND_AUTO" },
    { count: 4, kind: "KIND_MODEL" },
  ],
  dynamicBatching: {
    defaultQueuePolicy: {
      maxQueueSize: 2 ** 32 - 1,
      timeoutAction: "DELAY",
      defaultTimeoutMicroseconds: Number.MAX_SAFE_INTEGER,
      allowTimeoutOverride: true,
    },
  },
  parameters: NASTY,
};

const ENSEMBLE: ModelConfig = {
  name: "final",
  platform: "ensemble",
  maxBatchSize: 0,
  inputs: [{ name: "PROMPT", datatype: "BYTES", dims: [1] }],
  outputs: [{ name: "CONTEXT", datatype: "FP32", dims: [2, 512, 4096] }],
  ensembleSteps: [
    {
      modelName: "tokenizer",
      modelVersion: -1,
      inputMap: { PROMPT: "PROMPT", NEGATIVE_PROMPT: 'a "b"' },
      outputMap: { IDS: "ids" },
    },
    {
      modelName: "text_encoder",
      modelVersion: 12,
      inputMap: { IDS: "ids" },
      outputMap: { CONTEXT: "CONTEXT" },
    },
  ],
};

const CONFIGS: Readonly<Record<string, ModelConfig>> = {
  bare: BARE,
  stream: STREAM,
  ensemble: ENSEMBLE,
  "every datatype": {
    ...BARE,
    platform: "tensorrt_plan",
    backend: "tensorrt",
    maxBatchSize: 2 ** 31 - 1,
    inputs: DATATYPES.map((datatype) => ({
      name: `IN_${datatype}`,
      datatype,
      dims: [Number.MAX_SAFE_INTEGER],
    })),
    outputs: DATATYPES.map((datatype) => ({ name: `OUT_${datatype}`, datatype, dims: [-1, 1] })),
  },
  "a default policy": { ...BARE, dynamicBatching: { defaultQueuePolicy: { timeoutAction: "REJECT" } } },
  "empty messages": {
    ...BARE,
    decoupled: false,
    responseCache: true,
    dynamicBatching: { defaultQueuePolicy: {} },
  },
  "nasty names": {
    ...BARE,
    name: 'n "a" \\ 名',
    defaultModelFilename: "model\u0001.plan",
    inputs: [{ name: "X\n} #", datatype: "FP16", dims: [1], optional: false }],
  },
};

describe("config.pbtxt, read by Google's parser with Triton's schema", () => {
  it.each(Object.entries(CONFIGS))("says what the config says: %s", (name, config) => {
    const header = 'Generated.\nname: "no field"\rnor: "this"\u0000';
    const verdict = judge({ [name]: printModelConfig(config, { header }) })[name];
    expect(verdict).toEqual({ message: asProtoJson(config) });
  });

  it("carries any well-formed string", () => {
    const string = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "binary-ascii" }));
    const maps = fc.dictionary(string, string, { noNullPrototype: true });
    // A seed, because one run of Python reads all: there is no shrinking, so a failure must come again.
    const samples = fc.sample(maps, { numRuns: 500, seed: 20_261_123 });
    const configs = samples.map((parameters) => ({ ...BARE, parameters }));
    const verdicts = judge(
      Object.fromEntries(configs.map((config, at) => [`c${at}`, printModelConfig(config)])),
    );
    configs.forEach((config, at) => {
      expect(verdicts[`c${at}`]).toEqual({ message: asProtoJson(config) });
    });
  });

  it("is read by a judge that refuses what Triton would", () => {
    const text = printModelConfig(ENSEMBLE);
    const verdicts = judge({
      "an unknown field": `${text}decoupled: true\n`,
      "an unknown field of a step": text.replace("model_version", "version"),
      "an unknown datatype": text.replace("TYPE_STRING", "TYPE_BYTES"),
      "two oneof members": `${text}dynamic_batching { }\n`,
      "a number out of range": text.replace("max_batch_size: 0", "max_batch_size: 2147483648"),
      "the text itself": text,
    });
    expect(verdicts["an unknown field"]?.error).toContain('no field named "decoupled"');
    expect(verdicts["an unknown field of a step"]?.error).toContain('no field named "version"');
    expect(verdicts["an unknown datatype"]?.error).toContain("TYPE_BYTES");
    expect(verdicts["two oneof members"]?.error).toContain("ensemble_scheduling");
    expect(verdicts["a number out of range"]?.error).toContain("2147483648");
    expect(verdicts["the text itself"]?.error).toBeUndefined();
  });
});
