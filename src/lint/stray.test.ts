import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type LintFinding, lintRepository } from "./index.ts";
import { AFTER_NEWEST, NEWEST_RELEASE } from "./release.ts";
import { BASE, pythonModel } from "./rules/define.ts";
import { repositories } from "./testing/repository.ts";

const { write } = repositories();

/** The errors of a repository. */
async function errorsIn(folder: string, autoComplete = false): Promise<readonly LintFinding[]> {
  const { findings } = await lintRepository(folder, { autoComplete });
  return findings.filter(({ severity }) => severity === "error");
}

describe("what is in the way", () => {
  it("is a folder of git, told as one", async () => {
    const folder = write({
      ...pythonModel(BASE),
      ".git/HEAD": "ref: refs/heads/main\n",
      ".git/objects/aa/x": "",
    });
    const message = "there is no config.pbtxt; .git is hidden, and Triton takes every folder for a model";
    const hint = expect.stringContaining("give Triton a folder that has models only") as string;
    expect((await lintRepository(folder)).findings).toMatchObject([
      { rule: "R1101", model: ".git", message, hint },
    ]);
    const completing = await lintRepository(folder, {
      triton: "embedded",
      autoComplete: true,
      ignore: ["U"],
    });
    expect(completing.findings).toMatchObject([{ rule: "R501", model: ".git", hint }]);
  });

  it("is a link in a circle, told as one", async () => {
    const folder = write(pythonModel(BASE));
    symlinkSync(".", join(folder, "loop"));
    const message = "it is a link to ., and Triton takes every folder for a model";
    expect(await errorsIn(folder)).toMatchObject([
      { rule: "R1101", message: `there is no config.pbtxt; ${message}` },
    ]);
    expect(await errorsIn(folder, true)).toMatchObject([{ rule: "R801", model: "loop", message }]);
  });

  it("is a folder without anything", async () => {
    const folder = write(pythonModel(BASE));
    mkdirSync(join(folder, "empty"));
    expect(await errorsIn(folder)).toMatchObject([{ rule: "R1101", message: "there is no config.pbtxt" }]);
  });

  it.each([
    [
      "a byte order mark",
      "\ufeff",
      "a byte order mark (BOM) stands here, which no editor shows and Triton does not take.",
      "Save it as UTF-8 without BOM.",
    ],
    [
      "a space of fixed width",
      "\u00a0",
      '"\u00a0" (U+00A0) may stand in strings and comments only.',
      undefined,
    ],
  ])("is %s before the text", async (_what, sign, message, hint) => {
    const [error, ...others] = await errorsIn(write(pythonModel(`${sign}${BASE}`)));
    expect(error).toMatchObject({
      rule: "Y101",
      message,
      line: 1,
      column: 1,
      ...(hint === undefined ? {} : { hint }),
    });
    expect(others).toEqual([]);
  });
});

describe("a release that is newer than the rules", () => {
  it("is held to the newest of them, which is told", async () => {
    const folder = write(pythonModel(BASE));
    const told = async (triton: string): Promise<unknown> =>
      (await lintRepository(folder, { triton, rules: ["U403"] })).findings;
    expect(await told(NEWEST_RELEASE)).toEqual([]);
    expect(await told(AFTER_NEWEST)).toMatchObject([{ severity: "warning", got: AFTER_NEWEST }]);
    expect(await told("99.01")).toMatchObject([{ expected: `at most ${NEWEST_RELEASE}`, got: "99.01" }]);
  });

  it("begins with the month after the newest", () => {
    const [year = 0, month = 0] = NEWEST_RELEASE.split(".").map(Number);
    const next = month === 12 ? [year + 1, 1] : [year, month + 1];
    expect(AFTER_NEWEST).toBe(next.map((number) => String(number).padStart(2, "0")).join("."));
  });
});
