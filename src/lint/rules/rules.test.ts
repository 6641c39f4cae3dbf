import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type ExampleFiles, type LintReport, lintRepository, RULES } from "../index.ts";

const root = mkdtempSync(join(tmpdir(), "triptych-lint-"));
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
}, 60_000);

let count = 0;

/** What is found in a repository of these files. */
async function lint(files: ExampleFiles, triton: string): Promise<LintReport> {
  count += 1;
  const folder = join(root, `${count}`);
  mkdirSync(folder);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return lintRepository(folder, { triton });
}

// What a text file cannot show has tests of its own.
const shown = RULES.filter(({ example }) => Object.keys(example.failing).length > 0);

describe("the rules", () => {
  it.each(shown)("$id is found in its example, and is not where that is mended", async (rule) => {
    const triton = rule.example.triton ?? rule.until ?? rule.since ?? "26.08";
    const failing = await lint(rule.example.failing, triton);
    expect(failing.findings.map((finding) => finding.rule)).toContain(rule.id);
    for (const finding of failing.findings) {
      if (finding.rule === rule.id) expect(finding.severity).toBe(rule.severity);
    }
    expect(Object.values(failing.verdicts).includes("refused")).toBe(
      failing.findings.some(({ severity }) => severity === "error"),
    );
    const mended = await lint(rule.example.mended, triton);
    expect(mended.findings.map((finding) => finding.rule)).not.toContain(rule.id);
    expect(mended.findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });

  it("has ids of one form, each once", () => {
    const ids = RULES.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[A-Z]\d{3,4}$/);
  });
});
