import { describe, expect, it } from "vitest";
import { lintRepository } from "../index.ts";
import { repositories } from "../testing/repository.ts";
import { PLAN_BASE, planModel } from "./define.ts";

const { write } = repositories();

const DIMS = "dims: [ 4 ]";

/** Arguments of two profiles: IN from 1 to 4, and from 8 to 16. */
const TWO = [
  ...["--profile=0", "--minShapes=IN:1", "--optShapes=IN:2", "--maxShapes=IN:4"],
  ...["--profile=1", "--minShapes=IN:8", "--optShapes=IN:8", "--maxShapes=IN:16"],
];

async function rulesOf(config: string, words: unknown, more: object = {}): Promise<string[]> {
  const passport = { files: [{ name: "", bytes: 28 }], step: { arguments: words }, ...more };
  const files = { ...planModel(config), "m/1/model.plan.passport.json": JSON.stringify(passport) };
  const { findings } = await lintRepository(write(files), { rules: ["T8", "T9", "T11", "T16"] });
  return findings.map(({ rule, got = "" }) => `${rule} ${got}`);
}

const onProfiles = (numbers: string, dims: string): string =>
  PLAN_BASE.replace("KIND_GPU", `KIND_GPU profile: [ ${numbers} ]`).replace(DIMS, `dims: [ ${dims} ]`);

describe("an engine and the profiles of its passport", () => {
  it.each([
    ['"0"', "4", []],
    ['"0"', "-1", []],
    ['"0"', "8", ["T801 8"]],
    ['"1"', "8", []],
    ['"1"', "4", ["T801 4"]],
    ['"0", "1"', "8", []],
    ['"0", "1"', "5", ["T801 5"]],
    ['"2"', "4", ["T1101 2"]],
    ['"0", "x"', "4", []],
  ])("on profiles %s, dims of %s: %j", async (numbers, dims, expected) => {
    expect(await rulesOf(onProfiles(numbers, dims), TWO)).toEqual(expected);
  });

  it("uses the first profile where the instances name none", async () => {
    expect(await rulesOf(PLAN_BASE.replace(DIMS, "dims: [ 8 ]"), TWO)).toEqual(["T801 8"]);
  });

  it("holds the batch against the first dim, and the rest behind it", async () => {
    const words = ["--minShapes=IN:1x4", "--optShapes=IN:1x4", "--maxShapes=IN:4x4"];
    expect(await rulesOf(`${PLAN_BASE}max_batch_size: 4\n`, words)).toEqual([]);
    expect(await rulesOf(`${PLAN_BASE}max_batch_size: 5\n`, words)).toEqual(["T901 5"]);
    expect(await rulesOf(`${PLAN_BASE}max_batch_size: 4\n`.replace(DIMS, "dims: [ 5 ]"), words)).toEqual([
      "T801 5",
    ]);
  });

  it.each(["is_shape_tensor: true", "reshape { shape: [ 2, 2 ] }", "allow_ragged_batch: true"])(
    "says nothing of an input with %s, whose bounds are others",
    async (field) => {
      expect(await rulesOf(PLAN_BASE.replace(DIMS, `dims: [ 8 ] ${field}`), TWO)).toEqual([]);
    },
  );

  it("believes no passport of another file, and falls over none", async () => {
    const config = PLAN_BASE.replace(DIMS, "dims: [ 8 ]");
    expect(await rulesOf(config, TWO, { files: [{ name: "", bytes: 29 }] })).toEqual(["T1601 28"]);
    for (const words of [7, "x", [null, {}], ["--minShapes=constructor:1", "--maxShapes"], { arguments: 1 }])
      expect(await rulesOf(config, words, { engine: { tensorrt: "11.x" } })).toEqual([]);
  });
});
