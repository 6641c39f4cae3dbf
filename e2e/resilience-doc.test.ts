import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { titlesOf } from "./fixtures/titles.ts";
import { ROOT } from "./support.ts";

const page = readFileSync(path.join(ROOT, "docs/resilience.md"), "utf8");
const rows = page
  .slice(page.indexOf("## Faults"))
  .split("\n")
  .filter((line) => /^\| (?!fault|-)/.test(line));

describe("the fault table", () => {
  it("has a row for every fault", () => {
    expect(rows.length).toBeGreaterThan(18);
  });

  it.each(rows.map((row) => [row.split("|")[1]?.trim() ?? "", row] as const))(
    "links %j to tests that are there",
    (_, row) => {
      const links = [...(row.split("|")[3] ?? "").matchAll(/\[(.+?)\]\((.+?)\)/g)];
      expect(links.length).toBeGreaterThan(0);
      for (const [, title = "", file = ""] of links) {
        expect(titlesOf(readFileSync(path.join(ROOT, "docs", file), "utf8"))).toContainEqual(
          expect.stringContaining(title),
        );
      }
    },
  );
});
