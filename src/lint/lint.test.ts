import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, linkSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  applyLintSettings,
  lintRepository,
  lintToGithub,
  lintToSarif,
  RULES,
  readLintSettings,
} from "./index.ts";
import { BASE, MODEL_PY } from "./rules/define.ts";
import { repositories } from "./testing/repository.ts";

const { root, write } = repositories();

/** The example of a rule, as it fails. */
function failing(id: string): string {
  return write(RULES.find((rule) => rule.id === id)?.example.failing ?? {});
}

const GOOD = RULES.find(({ id }) => id === "D101")?.example.mended ?? {};

const ENSEMBLE = RULES.find(({ id }) => id === "F103")?.example.mended ?? {};

async function rulesOf(folder: string): Promise<string[]> {
  return (await lintRepository(folder)).findings.map(({ rule }) => rule);
}

it.each([
  ["../../m/1/model.py", "1", "accepted"],
  ["../../m/1/model.py", "7", "refused"],
  ["../../other/1/model.py", "1", "accepted"],
])("follows %s out of the model's folder and in again, in version %s", async (file, version, verdict) => {
  const config = `${BASE}default_model_filename: "${file}"\n`;
  const folder = write({ "m/config.pbtxt": config, [`m/${version}/model.py`]: MODEL_PY });
  expect((await lintRepository(folder)).verdicts).toEqual({ m: verdict });
});

describe("options of other types", () => {
  it.each([
    [{ autoComplete: "yes" }, "autoComplete to be true or false"],
    [{ rules: "E" }, "rules to be a list"],
    [{ rules: [] }, "rules to be a list"],
    [{ ignore: [5] }, "ignore to be a list"],
    [{ followLinks: 1 }, "followLinks"],
  ])("are refused: %j", async (options, message) => {
    await expect(lintRepository(".", options as never)).rejects.toMatchObject({
      code: "usage",
      message: expect.stringContaining(message) as string,
    });
  });

  it("are refused in place of a folder", async () => {
    await expect(lintRepository(5 as never)).rejects.toMatchObject({ code: "usage" });
  });
});

describe("lintRepository", () => {
  it("says where, what was expected and what came", async () => {
    const folder = failing("D201");
    const { findings, verdicts, models, triton } = await lintRepository(folder);
    expect({ models, triton, verdicts }).toEqual({ models: 1, triton: "26.08", verdicts: { m: "refused" } });
    expect(findings.filter(({ severity }) => severity === "error")).toEqual([
      {
        rule: "D201",
        severity: "error",
        message: "it is above max_batch_size",
        phrase: "dynamic batching preferred size must be <= max batch size",
        file: join(folder, "m/config.pbtxt"),
        line: 6,
        column: 44,
        expected: "at most 4",
        got: "8",
        hint: "Raise max_batch_size, or take the size away.",
        model: "m",
      },
    ]);
  });

  it("takes releases and rules that there are, and no others", async () => {
    const folder = failing("Y201");
    expect((await lintRepository(folder, { triton: "24.10" })).verdicts).toEqual({ m: "refused" });
    expect((await lintRepository(folder, { triton: "24.11" })).verdicts).toEqual({ m: "accepted" });
    for (const triton of ["24.09", "26.13", "26.8", "latest", ""]) {
      await expect(lintRepository(folder, { triton })).rejects.toMatchObject({
        code: "usage",
        message: expect.stringContaining("YY.MM, from 24.10 on") as string,
      });
    }
    const both = failing("R401");
    expect((await lintRepository(both, { rules: ["R4"] })).findings.map(({ rule }) => rule)).toEqual([
      "R401",
    ]);
    const silent = await lintRepository(both, { ignore: ["R"] });
    expect(silent.findings.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(silent.verdicts).toEqual({ m: "refused" });
    await expect(lintRepository(both, { ignore: ["Q"] })).rejects.toMatchObject({ code: "usage" });
    for (const none of [join(root, "missing"), ""]) {
      await expect(lintRepository(none)).rejects.toMatchObject({ code: "usage" });
    }
  });

  it("finds what an ensemble of refused and of circular ensembles comes to", async () => {
    const folder = failing("F104");
    expect((await lintRepository(folder)).verdicts).toEqual({
      e: "refused",
      m: "accepted",
      outer: "refused",
    });
  });
});

describe("a hostile repository", () => {
  it("has links that are told and not followed", async () => {
    const elsewhere = write(GOOD);
    const folder = write({ "good/x": "" });
    symlinkSync(join(elsewhere, "m"), join(folder, "outside"));
    symlinkSync(folder, join(folder, "circle"));
    symlinkSync(join(folder, "nowhere"), join(folder, "broken"));
    mkdirSync(join(folder, "linked"));
    symlinkSync(join(elsewhere, "m/config.pbtxt"), join(folder, "linked/config.pbtxt"));
    const { findings, verdicts } = await lintRepository(folder);
    const outside = findings.filter(({ rule }) => rule === "H101").map(({ model }) => model);
    expect(outside).toEqual(["linked", "outside"]);
    expect(findings.filter(({ rule }) => rule === "H102").map(({ file }) => file)).toEqual([
      join(folder, "broken"),
    ]);
    expect(verdicts).toMatchObject({ outside: "unknown", linked: "unknown" });
    const followed = await lintRepository(folder, { followLinks: true });
    expect(followed.verdicts).toMatchObject({ outside: "accepted" });
  });

  it("has links to versions and to files of a model that are not followed either", async () => {
    const elsewhere = write({ "secret.txt": "", "model.py": "" });
    const folder = write({ ...ENSEMBLE, ...GOOD });
    for (const name of ["m/1", "m/warmup"]) {
      rmSync(join(folder, name), { recursive: true, force: true });
      symlinkSync(elsewhere, join(folder, name));
    }
    const { findings, verdicts } = await lintRepository(folder);
    const errors = findings.filter(({ severity }) => severity === "error");
    expect(errors.map(({ rule, file }) => [rule, file])).toEqual([
      ["H101", join(folder, "m/1")],
      ["H101", join(folder, "m/warmup")],
    ]);
    expect(JSON.stringify(findings)).not.toContain("secret");
    // What becomes of the ensemble hangs on a model of which nothing is known.
    expect(verdicts).toEqual({ e: "unknown", m: "unknown" });
    const followed = await lintRepository(folder, { followLinks: true });
    expect(followed.findings.map(({ rule }) => rule)).not.toContain("H101");
  });

  it("has an ensemble whose version leads out", async () => {
    const folder = write(ENSEMBLE);
    rmSync(join(folder, "e/1"), { recursive: true });
    symlinkSync(write({}), join(folder, "e/1"));
    expect((await lintRepository(folder)).verdicts).toMatchObject({ e: "unknown" });
    // A folder that Triton does not look into may lead anywhere.
    const assets = write(GOOD);
    symlinkSync(write({}), join(assets, "m/assets"));
    expect((await lintRepository(assets)).verdicts).toEqual({ m: "accepted" });
  });

  it("has configurations that are no small files of text", async () => {
    const folder = write({
      "huge/x": "",
      "pipe/x": "",
      "folder/config.pbtxt/x": "",
      "secret/x": "",
      "socket/x": "",
      "noise/x": "",
    });
    writeFileSync(join(folder, "huge/config.pbtxt"), "");
    truncateSync(join(folder, "huge/config.pbtxt"), 2 ** 30);
    execFileSync("mkfifo", [join(folder, "pipe/config.pbtxt")]);
    const socket = createServer();
    await once(socket.listen(join(folder, "socket/config.pbtxt")), "listening");
    writeFileSync(
      join(folder, "noise/config.pbtxt"),
      Uint8Array.from({ length: 9999 }, (_, index) => (index * 7919) % 256),
    );
    const before = process.memoryUsage().rss;
    const found = await lintRepository(folder);
    socket.close();
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
    const rules = Object.fromEntries(found.findings.map(({ model = "", rule }) => [model, rule]));
    expect(rules).toMatchObject({
      huge: "H203",
      pipe: "H202",
      socket: "H202",
      folder: "H202",
      noise: "Y101",
    });
    expect(found.verdicts).toMatchObject({ huge: "unknown", pipe: "unknown", noise: "refused" });
  });

  it.skipIf(process.getuid?.() === 0)("has files that nobody may read", async () => {
    const folder = write({ "m/config.pbtxt": "" });
    chmodSync(join(folder, "m/config.pbtxt"), 0);
    expect(await rulesOf(folder)).toEqual(["H201"]);
  });

  it.skipIf(process.getuid?.() === 0).each([
    ["m/1", 0],
    ["m/1", 0o400],
    ["m/1/model.py", 0],
  ])("has a version of which %s has the mode %i", async (name, mode) => {
    const folder = write(GOOD);
    chmodSync(join(folder, name), mode);
    const report = await lintRepository(folder);
    chmodSync(join(folder, name), 0o700);
    expect(report.findings.map(({ rule }) => rule)).toEqual(["H201"]);
    expect(report.verdicts).toEqual({ m: "unknown" });
  });

  it("has names that are no text, or that move the cursor", async () => {
    const folder = write({ "\u001b[2Jm/config.pbtxt": 'name: "\\033]0;x"', "\u001b[2Jm/1/model.py": "" });
    mkdirSync(Buffer.concat([Buffer.from(`${folder}/bad`), Buffer.from([0xff, 0xfe])]));
    const report = await lintRepository(folder);
    expect(report.findings.map(({ rule }) => rule)).toContain("H301");
    expect(lintToGithub(report)).not.toMatch(/\n[^:]/);
  });

  it("has more folders than anybody made by hand", async () => {
    const folder = write(GOOD);
    const [text = ""] = Object.values(GOOD);
    mkdirSync(join(folder, "many"));
    writeFileSync(join(folder, "many/config.pbtxt"), text);
    // Links of one file are as many entries as folders are, and sooner made.
    writeFileSync(join(folder, "many/1"), "");
    for (let entry = 2; entry < 10_100; entry += 1)
      linkSync(join(folder, "many/1"), join(folder, `many/${entry}`));
    expect(await rulesOf(folder)).toContain("H401");
  });

  it("nests deeper than a stack goes, and has values longer than a screen", async () => {
    const deep = `input { name: ${"{ a ".repeat(100_000)}`;
    const long = `name: "${"x".repeat(1_000_000)}"`;
    const { verdicts } = await lintRepository(
      write({ "deep/config.pbtxt": deep, "long/config.pbtxt": long }),
    );
    expect(verdicts).toEqual({ deep: "refused", long: "refused" });
  });
});

describe("what is made of a report", () => {
  it("is SARIF, with each rule that was broken", async () => {
    const report = await lintRepository(failing("D201"));
    const sarif = JSON.parse(lintToSarif(report)) as {
      version: string;
      runs: {
        tool: { driver: { rules: { id: string }[] } };
        results: { ruleId: string; level: string; locations: unknown[] }[];
      }[];
    };
    expect(sarif.version).toBe("2.1.0");
    const [run] = sarif.runs;
    expect(run?.results.map(({ ruleId }) => ruleId).sort()).toEqual(
      run?.tool.driver.rules.map(({ id }) => id).sort(),
    );
    const error = run?.results.find(({ level }) => level === "error");
    expect(error?.locations).toMatchObject([
      { physicalLocation: { region: { startLine: 6, startColumn: 44 } } },
    ]);
  });

  it("is an annotation a line", async () => {
    const report = await lintRepository(failing("D201"), { rules: ["D"] });
    expect(lintToGithub(report)).toMatch(
      /^::error file=\/.*\/m\/config\.pbtxt,line=6,col=44,title=D201::it is above max_batch_size%0ARaise/,
    );
  });

  it("lacks what is excepted with a reason, and keeps its verdict", async () => {
    const report = await lintRepository(failing("D201"));
    const settings = readLintSettings(
      '{ "ignore": [{ "rule": "D", "model": "m", "reason": "it is a test" }] }',
      "x.json",
    );
    const less = applyLintSettings(report, settings);
    expect(less.findings.some(({ rule }) => rule === "D201")).toBe(false);
    expect(less.verdicts).toEqual({ m: "refused" });
    for (const text of ['{ "ignore": [{ "rule": "D" }] }', '{ "ignored": [] }', "[", '{ "triton": 1 }']) {
      expect(() => readLintSettings(text, "x.json")).toThrow(/^x\.json: expected/);
    }
  });

  it("is not made with settings of rules or keys that there are not", () => {
    const refusal = (entry: object): unknown => {
      try {
        return readLintSettings(JSON.stringify({ ignore: [entry] }), "x.json");
      } catch (reason) {
        return reason;
      }
    };
    expect(refusal({ rule: "Q9", reason: "x" })).toMatchObject({
      code: "usage",
      message: 'x.json: there is no rule "Q9"',
      hint: expect.stringContaining("docs/lint.md") as string,
    });
    expect(refusal({ rule: "D", reason: "x", modle: "m" })).toMatchObject({
      message: 'x.json: expected rule, model and reason only, got "modle"',
    });
    expect(() => readLintSettings('{ "triton": 26.08 }', "x.json")).toThrow(
      'x.json: expected triton to be a text such as "26.08", got 26.08',
    );
  });
});
