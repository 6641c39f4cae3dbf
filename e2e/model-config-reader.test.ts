import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import {
  inspectModelConfig,
  MODEL_CONFIG_SCHEMA,
  type ModelConfigMessage,
  printModelConfigMessage,
} from "../src/model-config/index.ts";
import { pythonOf, ROOT } from "./support.ts";

const { messages, enums } = MODEL_CONFIG_SCHEMA;

/** What the judge says of one text. */
interface Verdict {
  readonly message?: Record<string, unknown>;
  readonly error?: string;
}

function judge(request: object): unknown {
  const script = path.join(ROOT, "e2e/judges/model_config_schema.py");
  const options = { input: JSON.stringify(request), maxBuffer: 2 ** 28 };
  return JSON.parse(execFileSync(pythonOf("judge"), [script], options).toString());
}

/** A message in the judge's plain values. */
function plain(type: string, message: object): Record<string, unknown> {
  const rows = messages[type] ?? {};
  const entries = Object.entries(message as Record<string, unknown>).map(([name, value]) => {
    const { type: of = "", repeated, key } = rows[name] ?? {};
    if (key !== undefined) return [name, mapValues(value as object, (item) => plainValue(of, item))];
    return [
      name,
      repeated === true ? (value as unknown[]).map((item) => plainValue(of, item)) : plainValue(of, value),
    ];
  });
  const isSeen = ([name, value]: unknown[]): boolean => {
    const { type: of = "", oneof } = rows[name as string] ?? {};
    const unseen: readonly unknown[] = of === "string" ? [""] : [0, "0", false, "0".repeat(16)];
    return oneof !== undefined || !unseen.includes(value);
  };
  return Object.fromEntries(entries.filter(isSeen)) as Record<string, unknown>;
}

function mapValues(map: object, change: (value: unknown) => unknown): object {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
}

function plainValue(type: string, value: unknown): unknown {
  if (messages[type] !== undefined) return plain(type, value as object);
  if (type === "float" || type === "double") return doubleText(value as number);
  if (typeof value === "bigint") return String(value);
  return typeof value === "string" && type !== "string" ? enums[type]?.[value] : value;
}

function doubleText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString("hex");
}

/** Numbers from 0 to 1, always the same ones (mulberry32). */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const PIECES = [
  ...Array.from(`{}<>[]:,;-"'\\09ex._#\n `),
  ..."name dims true TYPE_FP32 KIND_CPU 1e5 0x1F 08 017 inf nan 1.5 1f 0f 00 -1 2147483648 18446744073709551616".split(
    " ",
  ),
  ...[
    "''",
    '"\\x4"',
    '"\\377"',
    '"\\ud83c"',
    '"\\u00e9"',
    "latest { }",
    "all < >",
    "dynamic_batching { }",
    "[ ]",
    "# x\n",
  ],
  ...[
    "optional: true",
    "max_batch_size: 3",
    "max_batch_size: 0",
    'name: "z"',
    "decoupled: 1",
    "zero_data: false",
  ],
];

/** A text with a few pieces taken out, doubled, put elsewhere or replaced. */
function mutant(text: string, roll: (below: number) => number): string {
  const words = text.match(/\s+|[A-Za-z_0-9.]+|"(?:[^"\\]|\\.)*"|./gs) ?? [];
  const other = (): string => words[roll(words.length)] ?? "";
  const piece = (): string => PIECES[roll(PIECES.length)] ?? "";
  for (let change = 0; change <= roll(2); change += 1) {
    const at = roll(words.length);
    const word = words[at] ?? "";
    const cut = roll(word.length + 1);
    const replacements = [
      [],
      [other(), word],
      [other()],
      [piece(), word],
      [piece()],
      [word.slice(0, cut) + (PIECES[roll(24)] ?? "") + word.slice(cut)],
      [word.slice(0, cut) + word.slice(cut + 1)],
    ];
    words.splice(at, 1, ...(replacements[roll(replacements.length)] ?? []));
  }
  return words.join("");
}

/**
 * Where Google's parser for Python differs from the one in C++ that is inside Triton, and we go with Triton: Python
 * knows numbers of other languages, keeps escapes that there are not, wants no space after a
 * minus sign, and takes any space of Unicode's (U+2028 stands inside strings here).
 */
const ONLY_IN_PYTHON =
  /(?<!\\)(?:\\\\)*\\[^abfnrtvxuU0-7'"\\]|[0-9]_[0-9]|0[oObB][0-9]|-\s+[0-9.]|[^\S \t\n\r\v\f\u2028]/;

function bases(): string[] {
  const folder = path.join(ROOT, "model-repository/wan-tiny/models");
  const ours = readdirSync(folder).map((name) =>
    readFileSync(path.join(folder, name, "config.pbtxt"), "utf8"),
  );
  const theirs = judge({ samples: 40, seed: 5 }) as { text: string }[];
  return [
    ...ours,
    ...theirs.map(({ text }) => text).filter((text) => text.length > 100 && text.length < 4000),
  ];
}

describe("the schema of a model configuration", () => {
  it("is the one that NVIDIA's client was compiled with, field by field", () => {
    expect(MODEL_CONFIG_SCHEMA).toEqual(judge({ schema: "model_config" }));
  });
});

describe("reading config.pbtxt, beside Google's parser", () => {
  it("understands whatever Google prints, and is understood", () => {
    const samples = judge({ samples: 200, seed: 20_261_125 }) as { text: string; message: object }[];
    const read = samples.map(({ text }) => inspectModelConfig(text, "x.pbtxt"));
    read.forEach(({ message, findings }, at) => {
      expect(findings).toEqual([]);
      expect(plain("ModelConfig", message)).toEqual(samples[at]?.message);
    });
    const texts = read.map(({ message }) => printModelConfigMessage(message));
    expect(judge({ texts })).toEqual(samples.map(({ message }) => ({ message })));
    const again = texts.map((text): ModelConfigMessage => inspectModelConfig(text, "x.pbtxt").message);
    expect(again).toEqual(read.map(({ message }) => message));
  });

  it("takes and refuses the same of 3000 mutants, and reads the same from those it takes", () => {
    const roll = dice(20_261_126);
    const from = bases();
    const mutants = Array.from({ length: 3000 }, () => mutant(from[roll(from.length)] ?? "", roll));
    const texts = mutants.filter((text) => !ONLY_IN_PYTHON.test(text));
    expect(texts.length).toBeGreaterThan(2500);
    const verdicts = judge({ texts }) as Verdict[];
    const disagreements = texts.flatMap((text, at) => {
      const { message, findings } = inspectModelConfig(text, "x.pbtxt");
      const theirs = verdicts[at];
      const ours = findings.length === 0 ? { message: plain("ModelConfig", message) } : undefined;
      const isSame =
        (ours === undefined) === (theirs?.message === undefined) &&
        (ours === undefined ||
          JSON.stringify(sorted(ours.message)) === JSON.stringify(sorted(theirs?.message)));
      return isSame ? [] : [{ ours: findings, theirs: theirs?.error ?? "taken" }];
    });
    expect(disagreements).toEqual([]);
    // Neither kind may be rare, or the agreement would say little.
    const taken = verdicts.filter(({ error }) => error === undefined).length;
    expect(taken).toBeGreaterThan(300);
    expect(texts.length - taken).toBeGreaterThan(300);
  });
});

/** The same value with the keys of all maps in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}
