import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { lintFixes, lintRepository, RULES } from "./index.ts";
import { ensembleText } from "./rules/ensemble-example.ts";
import { repositories } from "./testing/repository.ts";

const { write } = repositories();

const { failing, mended: ENSEMBLE } = RULES.find(({ id }) => id === "F103")?.example ?? {
  failing: {},
  mended: {},
};

describe("a repository", () => {
  it.each([
    ["a name right behind the brace", "{model_name", "{ model_version: -1 model_name"],
    ["angle brackets", "< model_name", "< model_version: -1 model_name"],
    ["lines of Windows", "{\r\n  model_name", "{ model_version: -1\r\n  model_name"],
  ])("is mended in steps with %s", async (_case, written, mended) => {
    const step = (from: string, to: string): string =>
      `${written}: "m" input_map { key: "IN" value: "${from}" } output_map { key: "OUT" value: "${to}" } ${written.startsWith("<") ? ">" : "}"}`;
    const before = ensembleText([`step [ ${step("IN", "MID")}, ${step("MID", "OUT")} ]`]);
    const folder = write({ ...ENSEMBLE, "e/config.pbtxt": before });
    const [fix] = lintFixes(await lintRepository(folder));
    expect(fix?.after).toBe(before.replaceAll(written, mended));
    writeFileSync(join(folder, "e/config.pbtxt"), fix?.after ?? "");
    expect((await lintRepository(folder)).verdicts).toEqual({ e: "accepted", m: "accepted" });
  });

  it("is mended with the version that the policy chooses, or not at all", async () => {
    const path = async (policy: string): Promise<(string | undefined)[]> => {
      const text = `${ENSEMBLE["e/config.pbtxt"] ?? ""}\nversion_policy { ${policy} }\n`;
      const folder = write({ ...ENSEMBLE, "e/config.pbtxt": text });
      rmSync(join(folder, "e/1"), { recursive: true });
      return lintFixes(await lintRepository(folder)).map(({ path: file }) => file.slice(folder.length));
    };
    expect(await path("specific { versions: 3 }")).toEqual(["/e/3/.keep"]);
    expect(await path("all { }")).toEqual(["/e/1/.keep"]);
    expect(await path("specific { }")).toEqual([]);
  });

  it("is mended where that is safe", async () => {
    const folder = write(failing);
    rmSync(join(folder, "e/1"), { recursive: true });
    const fixes = lintFixes(await lintRepository(folder));
    expect(fixes.map(({ rules }) => rules)).toEqual([["F103"], ["R501"]]);
    for (const { path, after } of fixes) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, after);
    }
    const { verdicts, findings } = await lintRepository(folder);
    expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(verdicts).toEqual({ e: "accepted", m: "accepted" });
  });
});
