import fc, { type Arbitrary } from "fast-check";
import { describe, expect, it } from "vitest";
import {
  inspectModelConfig,
  MODEL_CONFIG_SCHEMA,
  type ModelConfigMessage,
  printModelConfigMessage,
  readModelConfig,
} from "../index.ts";

const { messages, enums } = MODEL_CONFIG_SCHEMA;

/** What is found in a text, with line and column. */
function found(text: string): string[] {
  const { findings } = inspectModelConfig(text, "x.pbtxt");
  return findings.map(({ rule, path = "", position }) =>
    [rule, path, `${position?.line ?? 0}:${position?.column ?? 0}`].join(" ").replace("  ", " "),
  );
}

function read(text: string): ModelConfigMessage {
  return readModelConfig(text, "x.pbtxt").message;
}

describe("readModelConfig", () => {
  it("knows every spelling of the text format", () => {
    const message = read(`
      # a comment
      name: "a" 'b' "\\x41\\101\\u00e9\\U0001F3AC\\?"; max_batch_size: 0x10,
      input [ { name: 'X' data_type: TYPE_STRING dims: [ -1, 010, - 3 ] }, < data_type: 11 dims: 1 dims: 2 optional: t > ]
      output: { dims: [] data_type: 99 }
      sequence_batching { control_input { control { fp32_false_true: [ 1.5f, .5, 5., 1e3, -inf, nan, 7 ] bool_false_true: [ 1, False ] } } }
      parameters { key: "k" value { string_value: "old" } } parameters: { key: "k" value: { string_value: "v" } }
      parameters [ { value {} } ] # after the end`);
    expect(message).toEqual({
      name: "abAAé🎬?",
      max_batch_size: 16,
      input: [
        { name: "X", data_type: "TYPE_STRING", dims: [-1n, 8n, -3n] },
        { data_type: "TYPE_FP32", dims: [1n, 2n], optional: true },
      ],
      output: [{ data_type: 99 }],
      sequence_batching: {
        control_input: [
          {
            control: [
              {
                fp32_false_true: [1.5, 0.5, 5, 1000, Number.NEGATIVE_INFINITY, Number.NaN, 7],
                bool_false_true: [true, false],
              },
            ],
          },
        ],
      },
      parameters: { k: { string_value: "v" }, "": {} },
    });
  });

  it("tells where each value stands", () => {
    const text =
      'name: "m"\ninput {\n  dims: [ 1,\n\t-1 ]\n}\nparameters { key: "a\\"b" value { string_value: "c" } }';
    const { positionOf } = readModelConfig(text, "x.pbtxt");
    expect(positionOf("name")).toEqual({ file: "x.pbtxt", line: 1, column: 7 });
    expect(positionOf("input[0]")).toMatchObject({ line: 2, column: 7 });
    expect(positionOf("input[0].dims[1]")).toMatchObject({ line: 4, column: 2 });
    expect(positionOf('parameters["a\\"b"].string_value')).toMatchObject({ line: 6, column: 48 });
    expect(positionOf("output")).toBeUndefined();
  });

  it("finds everything at once, in the order of the text", () => {
    const text = [
      'name: "m" name: "n"',
      "max_batch: 4",
      "max_batch_size: 2147483648",
      "input { data_type: TYPE_BYTES dims: 1.5 optional: yes }",
      "dynamic_batching { } ensemble_scheduling { }",
      "backend { }",
      "platform: [ ]",
      "output { dims [ 1 ] }",
      'default_model_filename: "\\q"',
      "version_policy: latest",
      "instance_group { count: }",
      "never: read",
    ].join("\n");
    expect(found(text)).toEqual([
      "duplicate-field name 1:11",
      "unknown-field max_batch 2:1",
      "out-of-range max_batch_size 3:17",
      "unknown-value input[0].data_type 4:20",
      "wrong-type input[0].dims[0] 4:37",
      "wrong-type input[0].optional 4:51",
      "oneof-conflict ensemble_scheduling 5:22",
      "syntax backend 6:1",
      "wrong-type platform 7:1",
      "syntax output[0].dims 8:10",
      "syntax 9:25",
      "wrong-type version_policy 10:17",
      "syntax 11:25",
    ]);
  });

  it.each([
    ["a string over two lines", 'name: "a\n"'],
    ["a string without its end", 'name: "a'],
    ["a byte that is no UTF-8", 'name: "\\377"'],
    ["half a surrogate pair", 'name: "\\ud83c"'],
    ["an octal number with an 8", "max_batch_size: 08"],
    ["digits with an underscore", "max_batch_size: 1_0"],
    ["a plus sign", "max_batch_size: +1"],
    ["a number that runs into a name", "max_batch_size: 1name"],
    ["a comma after the last of a list", "input { dims: [ 1, ] }"],
    ["two separators", 'name: "a",;'],
    ["another closing bracket", "input { dims: 1 >"],
    ["a comment in another style", "// a comment"],
    ["a non-breaking space", "max_batch_size:\u00a01"],
    ["a sign before an unsigned number", "dynamic_batching { priority_levels: -0 }"],
    ["a float in hexadecimal", "sequence_batching { direct { minimum_slot_utilization: 0x1 } }"],
    ["an extension", "[a.b]: 1"],
    ["a message that is not closed", "input {"],
    ["a text that nests without end", "input {".repeat(100_000)],
  ])("refuses %s", (_, text) => {
    expect(found(text).length).toBeGreaterThan(0);
    expect(() => readModelConfig(text, "x.pbtxt")).toThrow(
      expect.objectContaining({ code: "model-config-syntax" }),
    );
  });

  it("takes a second value where protobuf cannot tell that there was a first", () => {
    expect(read("max_batch_size: 0 max_batch_size: 4")).toEqual({ max_batch_size: 4 });
    expect(found("max_batch_size: 4 max_batch_size: 0")).toEqual(["duplicate-field max_batch_size 1:19"]);
    expect(found("model_warmup { inputs { value { zero_data: false random_data: true } } }")).toEqual([
      'oneof-conflict model_warmup[0].inputs[""].random_data 1:50',
    ]);
  });

  it("never throws but its own error, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        inspectModelConfig(text, "x.pbtxt");
      }),
    );
  });

  it("reads again what is printed, every field of the schema", () => {
    fc.assert(
      fc.property(messageArbitrary("ModelConfig", 0), (message) => {
        const text = printModelConfigMessage(message);
        expect(read(text)).toEqual(message);
        expect(printModelConfigMessage(read(text))).toBe(text);
      }),
      { numRuns: 100 },
    );
  });

  it("has names in paths that cannot be taken for one another", () => {
    const { positionOf, message } = readModelConfig(
      'parameters { key: "__proto__" value { string_value: "p" } }',
      "x.pbtxt",
    );
    expect(Object.keys(message.parameters ?? {})).toEqual(["__proto__"]);
    expect(positionOf('parameters["__proto__"].string_value')).toBeDefined();
  });
});

describe("printModelConfigMessage", () => {
  it.each<[string, object]>([
    ["an unknown field", { nam: "m" }],
    ["a value of another type", { max_batch_size: "4" }],
    ["a number out of range", { max_batch_size: 2 ** 31 }],
    ["a value that no enum has", { input: [{ data_type: "TYPE_BYTES" }] }],
    ["a single value where there are many", { input: {} }],
    ["two members of a oneof", { version_policy: { latest: {}, all: {} } }],
  ])("refuses %s", (_, message) => {
    expect(() => printModelConfigMessage(message as ModelConfigMessage)).toThrow(
      expect.objectContaining({ code: "model-config-syntax", hint: expect.any(String) as string }),
    );
  });
});

/** Messages with any of the fields that the schema has; of a oneof one. */
function messageArbitrary(type: string, depth: number): Arbitrary<object> {
  const fields = Object.entries(messages[type] ?? {});
  const rows = Object.fromEntries(
    fields.map(([name, { type: of, repeated, key }]) => {
      const value = valueArbitrary(of, depth);
      if (key !== undefined) {
        const keys = key === "string" ? fc.string() : fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);
        return [name, fc.dictionary(keys, value, { minKeys: 1, maxKeys: 2, noNullPrototype: true })];
      }
      return [name, repeated === true ? fc.array(value, { minLength: 1, maxLength: 2 }) : value];
    }),
  );
  return fc.record(rows, { requiredKeys: [] }).map((message) => {
    const seen = new Set<string>();
    const kept = Object.entries(message).filter(([name]) => {
      const { oneof } = messages[type]?.[name] ?? {};
      const isRival = oneof !== undefined && seen.has(oneof);
      if (oneof !== undefined) seen.add(oneof);
      return !isRival;
    });
    return Object.fromEntries(kept);
  });
}

function valueArbitrary(type: string, depth: number): Arbitrary<unknown> {
  if (messages[type] !== undefined) return depth > 6 ? fc.constant({}) : messageArbitrary(type, depth + 1);
  if (enums[type] !== undefined)
    return fc.oneof(fc.constantFrom(...Object.keys(enums[type])), fc.constant(-7));
  const scalars: Record<string, Arbitrary<unknown>> = {
    string: fc.string({ unit: "binary" }),
    bool: fc.boolean(),
    int32: fc.integer(),
    uint32: fc.nat(2 ** 32 - 1),
    int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    float: fc.float(),
    double: fc.double(),
  };
  return scalars[type] ?? fc.constant("");
}
