import { describe, expect, it } from "vitest";
import { diffModelConfigs } from "./diff.ts";
import { readModelConfig } from "./read/read.ts";

const read = (text: string) => readModelConfig(text, "x").message;

const BASE =
  'name: "m" max_batch_size: 4 input { name: "X" dims: [ 1, 2 ] } parameters { key: "a" value { string_value: "b" } }';

describe("diffModelConfigs", () => {
  it("finds nothing between a configuration and itself, however it is written", () => {
    const other = BASE.replace("dims: [ 1, 2 ]", "dims: 1 dims: 0x2").replaceAll(" { ", ": { ");
    expect(diffModelConfigs(read(BASE), read(other))).toEqual([]);
  });

  it.each([
    ["max_batch_size: 4", "max_batch_size: 8", "max_batch_size", "4", "8"],
    ["max_batch_size: 4", "", "max_batch_size", "4", undefined],
    ["1, 2", "1, 3", "input[0].dims[1]", "2", "3"],
    ["1, 2", "1", "input[0].dims[1]", "2", undefined],
    ['"b"', '"c"', 'parameters["a"].string_value', '"b"', '"c"'],
    ['key: "a"', 'key: "a\\"]"', 'parameters["a"]', '{"string_value":"b"}', undefined],
    ['name: "m"', 'name: "m" dynamic_batching { }', "dynamic_batching", undefined, "{}"],
  ])("%s for %s is a difference of %s", (from, to, path, expected, got) => {
    const [first] = diffModelConfigs(read(BASE), read(BASE.replace(from, to)));
    expect(first).toEqual({ path, expected, got });
  });

  it("names places as the reader does", () => {
    const text = BASE.replace('"b"', '"c"');
    const [{ path } = { path: "" }] = diffModelConfigs(read(BASE), read(text));
    expect(readModelConfig(text, "x").positionOf(path)).toMatchObject({
      line: 1,
      column: text.indexOf('"c"') + 1,
    });
  });

  it("is not led astray by a key that is a method's name", () => {
    const tag = (key: string) => read(`metric_tags { key: "${key}" value: "v" }`);
    expect(diffModelConfigs(tag("constructor"), tag("toString"))).toEqual([
      { path: 'metric_tags["constructor"]', expected: '"v"', got: undefined },
      { path: 'metric_tags["toString"]', expected: undefined, got: '"v"' },
    ]);
  });
});
