import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type ExampleFiles, RULES } from "../../lint/index.ts";
import { createTerminal } from "../terminal.ts";
import { pipe } from "../testing/outputs.ts";
import { type LintFlags, lint } from "./lint.ts";

const root = mkdtempSync(join(tmpdir(), "triptych-cli-lint-"));
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

function write(files: ExampleFiles): string {
  const folder = mkdtempSync(join(root, "case-"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** What the command exits with, and what a person reads. */
async function run(folder: string, flags: LintFlags = {}): Promise<{ code: number; told: string }> {
  const stderr = pipe();
  const terminal = createTerminal(pipe(), stderr, {});
  const { signal } = new AbortController();
  const code = await lint({ terminal, signal, json: false, self: "triptych" }, { folder, ...flags });
  return { code, told: stderr.text };
}

const { failing, mended } = RULES.find(({ id }) => id === "F103")?.example ?? { failing: {}, mended: {} };
const STEP_FILE = "e/config.pbtxt";

describe("lint --config", () => {
  const config = (text: string): string => join(write({ "c.json": text }), "c.json");

  it.each([
    ["no JSON", "{", /c\.json: expected JSON: /],
    ["no object", "[]", /c\.json: expected an object, got \[\]/],
    ["no reason", '{ "ignore": [{ "rule": "D" }] }', /c\.json: expected a reason to ignore D, got nothing/],
    [
      "a key that there is not",
      '{ "ignored": [] }',
      /expected triton, autoComplete and ignore only, got "ignored"/,
    ],
    ["a rule that there is not", '{ "ignore": [{ "rule": "Q9", "reason": "x" }] }', /there is no rule "Q9"/],
  ])("says what is wrong with %s", async (_case, text, message) => {
    await expect(run(write(mended), { config: config(text) })).rejects.toMatchObject({
      code: "usage",
      message: expect.stringMatching(message) as string,
    });
  });

  it("names a file that cannot be read, and what to name instead", async () => {
    await expect(run(write(mended), { config: join(root, "none.json") })).rejects.toMatchObject({
      code: "usage",
      message: expect.stringMatching(/cannot read .*none\.json: ENOENT/) as string,
      hint: "name a file of settings for --config",
    });
  });

  it("tells of an exception for a model that there is not", async () => {
    const text = '{ "ignore": [{ "rule": "D", "model": "x", "reason": "y" }] }';
    const { code, told } = await run(write(mended), { config: config(text) });
    expect(code).toBe(0);
    expect(told).toMatch(/c\.json: there is no model "x"; its exception from D does nothing\n/);
  });
});

describe("lint --auto-complete", () => {
  const open = { "m/1/model.onnx": "" };

  it("is for a server that completes configurations, and tells how many verdicts nobody knows", async () => {
    expect(await run(write(open))).toMatchObject({
      code: 1,
      told: expect.stringContaining("1 model, Triton 26.08 refuses 1;") as string,
    });
    const { code, told } = await run(write(open), { autoComplete: true });
    expect(code).toBe(0);
    expect(told).toContain("1 model, Triton 26.08 with auto-complete refuses none, 1 unknown; 0 errors");
  });

  it("may stand in the file of settings, and the flag goes before it", async () => {
    const config = join(write({ "c.json": '{ "autoComplete": true }' }), "c.json");
    expect((await run(write(open), { config })).code).toBe(0);
    const wrong = join(write({ "c.json": '{ "autoComplete": "yes" }' }), "c.json");
    await expect(run(write(open), { config: wrong })).rejects.toMatchObject({
      code: "usage",
      message: expect.stringContaining('expected autoComplete to be true or false, got "yes"') as string,
    });
  });
});

describe("lint --watch", () => {
  it("goes on where the file of settings is half written, or the folder is away for a moment", async () => {
    const folder = write(mended);
    const config = join(write({ "c.json": '{ "ignore": [] }' }), "c.json");
    const stderr = pipe();
    const abort = new AbortController();
    const context = {
      terminal: createTerminal(pipe(), stderr, {}),
      signal: abort.signal,
      json: false,
      self: "triptych",
    };
    const watching = lint(context, { folder, config, watch: true });
    const until = (text: string) => expect.poll(() => stderr.text, { timeout: 15_000 }).toContain(text);
    await until("refuses none");
    writeFileSync(config, "{");
    await until("expected JSON");
    renameSync(folder, `${folder}-away`);
    writeFileSync(config, '{ "ignore": [] }');
    await until("cannot read");
    renameSync(`${folder}-away`, folder);
    await expect
      .poll(() => stderr.text.split("refuses none").length, { timeout: 15_000 })
      .toBeGreaterThanOrEqual(3);
    abort.abort();
    expect(await watching).toBe(130);
  }, 60_000);

  it("ends where there is nothing to watch from the start", async () => {
    await expect(run(join(root, "nowhere"), { watch: true })).rejects.toMatchObject({ code: "usage" });
  });
});

describe("lint --fix", () => {
  it("says what it would mend where there is nothing to mend", async () => {
    const { code, told } = await run(write(mended), { fix: true });
    expect(code).toBe(0);
    expect(told).toMatch(/^--fix: nothing to mend\..*F103.*R501/);
  });

  it.each([
    ["Windows", "\r\n"],
    ["old Macs", "\r"],
  ])("shows a difference by line for a file with the line ends of %s, and keeps them", async (_case, end) => {
    const text = (failing[STEP_FILE] ?? "").replaceAll("\n", end);
    const folder = write({ ...failing, [STEP_FILE]: text });
    const { code, told } = await run(folder, { fix: true });
    expect(code).toBe(0);
    expect(told).not.toContain("\ufffd");
    expect(told).toMatch(/\n ensemble_scheduling \{\n- {2}step \{ .*\n\+ {2}step \{ model_version: -1 /);
    const after = readFileSync(join(folder, STEP_FILE), "utf8");
    expect(after.replace(" model_version: -1", "")).toBe(text);
  });
});
