import { describe, expect, it } from "vitest";
import type { TensorSpec } from "../tensor/index.ts";
import { type ModelConfig, type PrintOptions, printModelConfig } from "./index.ts";

const BARE: ModelConfig = { name: "m", maxBatchSize: 0, inputs: [], outputs: [] };

function print(part: Partial<ModelConfig>, options?: PrintOptions): string {
  return printModelConfig({ ...BARE, ...part }, options);
}

function withInput(input: Partial<TensorSpec>): Partial<ModelConfig> {
  return { inputs: [{ name: "X", datatype: "FP32", dims: [1], ...input }] };
}

describe("printModelConfig", () => {
  it("writes a bare config with its batch size", () => {
    expect(print({})).toBe('name: "m"\nmax_batch_size: 0\n');
  });

  it("writes a python model", () => {
    const text = printModelConfig(
      {
        name: "final_stream",
        backend: "python",
        maxBatchSize: 0,
        defaultModelFilename: "model.py",
        versionPolicy: { latest: 1 },
        decoupled: true,
        responseCache: false,
        inputs: [
          { name: "PROMPT", datatype: "BYTES", dims: [1] },
          { name: "NEGATIVE_PROMPT", datatype: "BYTES", dims: [1], optional: true },
        ],
        outputs: [{ name: "FRAMES", datatype: "UINT8", dims: [-1, 480, 832, 3] }],
        instanceGroups: [
          { count: 2, kind: "KIND_GPU", gpus: [0, 1] },
          { count: 1, kind: "KIND_CPU" },
        ],
        dynamicBatching: {
          defaultQueuePolicy: {
            maxQueueSize: 8,
            timeoutAction: "REJECT",
            defaultTimeoutMicroseconds: 5_000_000_000,
            allowTimeoutOverride: true,
          },
        },
        parameters: { threads: "1", SCHEDULE: 'a "quoted" \\ path' },
      },
      { header: "Generated from configs/wan22.yaml.\nDo not edit." },
    );
    expect(text).toMatchInlineSnapshot(`
      "# Generated from configs/wan22.yaml.
      # Do not edit.

      name: "final_stream"
      backend: "python"
      max_batch_size: 0
      default_model_filename: "model.py"
      version_policy { latest { num_versions: 1 } }
      model_transaction_policy { decoupled: true }
      response_cache { enable: false }

      input {
        name: "PROMPT"
        data_type: TYPE_STRING
        dims: [ 1 ]
      }

      input {
        name: "NEGATIVE_PROMPT"
        data_type: TYPE_STRING
        dims: [ 1 ]
        optional: true
      }

      output {
        name: "FRAMES"
        data_type: TYPE_UINT8
        dims: [ -1, 480, 832, 3 ]
      }

      instance_group {
        count: 2
        kind: KIND_GPU
        gpus: [ 0, 1 ]
      }

      instance_group {
        count: 1
        kind: KIND_CPU
      }

      dynamic_batching {
        default_queue_policy {
          timeout_action: REJECT
          default_timeout_microseconds: 5000000000
          allow_timeout_override: true
          max_queue_size: 8
        }
      }

      parameters { key: "SCHEDULE" value { string_value: "a \\"quoted\\" \\\\ path" } }
      parameters { key: "threads" value { string_value: "1" } }
      "
    `);
  });

  it("writes an ensemble", () => {
    const text = printModelConfig({
      name: "final",
      platform: "ensemble",
      maxBatchSize: 0,
      inputs: [{ name: "PROMPT", datatype: "BYTES", dims: [1] }],
      outputs: [{ name: "CONTEXT", datatype: "FP32", dims: [2, 512, 4096] }],
      ensembleSteps: [
        {
          modelName: "tokenizer",
          modelVersion: -1,
          inputMap: { PROMPT: "PROMPT" },
          outputMap: { IDS: "ids" },
        },
        {
          modelName: "text_encoder",
          modelVersion: 3,
          inputMap: { IDS: "ids" },
          outputMap: { CONTEXT: "CONTEXT" },
        },
      ],
    });
    expect(text).toMatchInlineSnapshot(`
      "name: "final"
      platform: "ensemble"
      max_batch_size: 0

      input {
        name: "PROMPT"
        data_type: TYPE_STRING
        dims: [ 1 ]
      }

      output {
        name: "CONTEXT"
        data_type: TYPE_FP32
        dims: [ 2, 512, 4096 ]
      }

      ensemble_scheduling {
        step {
          model_name: "tokenizer"
          model_version: -1
          input_map { key: "PROMPT" value: "PROMPT" }
          output_map { key: "IDS" value: "ids" }
        }
        step {
          model_name: "text_encoder"
          model_version: 3
          input_map { key: "IDS" value: "ids" }
          output_map { key: "CONTEXT" value: "CONTEXT" }
        }
      }
      "
    `);
  });

  it("writes what is given, even where it is the default or empty", () => {
    const text = print({
      ...withInput({ optional: false }),
      decoupled: false,
      dynamicBatching: {},
      parameters: {},
      instanceGroups: [{ count: 1, kind: "KIND_AUTO", gpus: [] }],
    });
    expect(text).toMatchInlineSnapshot(`
      "name: "m"
      max_batch_size: 0
      model_transaction_policy { decoupled: false }

      input {
        name: "X"
        data_type: TYPE_FP32
        dims: [ 1 ]
        optional: false
      }

      instance_group {
        count: 1
        kind: KIND_AUTO
      }

      dynamic_batching { }
      "
    `);
  });

  it("does not show in which order a map was made", () => {
    const parameters = { b: "2", a: "1", C: "3" };
    const reversed = { C: "3", a: "1", b: "2" };
    expect(print({ parameters })).toBe(print({ parameters: reversed }));
    expect(print({ parameters }).match(/key: "."/g)).toEqual(['key: "C"', 'key: "a"', 'key: "b"']);
  });

  it("escapes what a quoted string cannot hold, and leaves other scripts alone", () => {
    const value = `"'\\\n\r\t\u0000\u00017\u007f\u0085 红色 🎬`;
    expect(print({ parameters: { value } })).toContain(
      String.raw`string_value: "\"'\\\n\r\t\000\0017\177${"\u0085"} 红色 🎬"`,
    );
  });

  it("keeps a header a comment, whatever it holds", () => {
    const lines = print({}, { header: 'one\r\ntwo\rname: "x"\n\nfour\u0000five' }).split("\n");
    expect(lines.slice(0, 7)).toEqual(["# one", "# two", '# name: "x"', "#", "# four five", "", 'name: "m"']);
  });

  it.each([[[]], [[0]], [[2, -2]], [[1.5]], [[Number.NaN]], [[2 ** 60]]])("refuses the dims %j", (dims) => {
    expect(() => print(withInput({ dims }))).toThrow(
      expect.objectContaining({
        code: "model-config-syntax",
        message: expect.stringMatching(/^Model "m": .* (is|has) .*; expected /) as string,
        hint: expect.stringMatching(/\S/) as string,
      }),
    );
  });

  it("names tensor, role and dims when it refuses them", () => {
    expect(() => print(withInput({ dims: [] }))).toThrow(
      'Model "m": Input "X" has dims []; expected one or more, each -1 or at least 1.',
    );
  });

  it.each<[string, Partial<ModelConfig>]>([
    ["max_batch_size is -1", { maxBatchSize: -1 }],
    ["max_batch_size is 2147483648", { maxBatchSize: 2 ** 31 }],
    ["count is 0", { instanceGroups: [{ count: 0, kind: "KIND_CPU" }] }],
    ["gpus is -1", { instanceGroups: [{ count: 1, kind: "KIND_GPU", gpus: [-1] }] }],
    ["num_versions is 1.5", { versionPolicy: { latest: 1.5 } }],
    ["max_queue_size is 4294967296", { dynamicBatching: { defaultQueuePolicy: { maxQueueSize: 2 ** 32 } } }],
    [
      "default_timeout_microseconds is Infinity",
      { dynamicBatching: { defaultQueuePolicy: { defaultTimeoutMicroseconds: Number.POSITIVE_INFINITY } } },
    ],
    [
      "model_version is NaN",
      { ensembleSteps: [{ modelName: "a", modelVersion: Number.NaN, inputMap: {}, outputMap: {} }] },
    ],
    ["dynamicBatching and ensembleSteps", { dynamicBatching: {}, ensembleSteps: [] }],
    ["half of a surrogate pair", { parameters: { a: "\ud83c" } }],
    ["is optional", { outputs: [{ name: "Y", datatype: "FP32", dims: [1], optional: true }] }],
  ])("refuses it when %s", (message, part) => {
    expect(() => print(part)).toThrow(
      expect.objectContaining({
        code: "model-config-syntax",
        message: expect.stringMatching(new RegExp(`^Model "m": .*${message}.*; expected `)) as string,
      }),
    );
  });
});
