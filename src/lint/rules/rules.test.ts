import { describe, expect, it } from "vitest";
import { lintRepository, RULES } from "../index.ts";
import { repositories } from "../testing/repository.ts";

const { write } = repositories();

// What a text file cannot show has tests of its own.
const shown = RULES.filter(({ example }) => Object.keys(example.failing).length > 0);

describe("the rules", () => {
  it.each(shown)("$id is found in its example, and is not where that is mended", async (rule) => {
    const triton = rule.example.triton ?? rule.until ?? rule.since ?? "26.08";
    const options = { triton, autoComplete: rule.autoComplete ?? false };
    const failing = await lintRepository(write(rule.example.failing), options);
    expect(failing.findings.map((finding) => finding.rule)).toContain(rule.id);
    for (const finding of failing.findings) {
      if (finding.rule === rule.id) expect(finding.severity).toBe(rule.severity);
    }
    expect(Object.values(failing.verdicts).includes("refused")).toBe(
      failing.findings.some(({ severity }) => severity === "error"),
    );
    const mended = await lintRepository(write(rule.example.mended), options);
    expect(mended.findings.map((finding) => finding.rule)).not.toContain(rule.id);
    expect(mended.findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });

  it("has ids of one form, each once", () => {
    const ids = RULES.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[A-Z]\d{3,4}$/);
  });
});
