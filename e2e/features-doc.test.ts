import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { titlesOf } from "./fixtures/titles.ts";
import { ROOT } from "./support.ts";

const page = readFileSync(path.join(ROOT, "docs/client-features.md"), "utf8");
const rows = page
  .split("\n")
  .filter((line) => /^\| (?!feature)/.test(line))
  .map((line) => line.split(" | "));

describe("the table of features", () => {
  it("has its rows", () => {
    expect(rows.length).toBeGreaterThan(25);
  });

  it.each(rows)(
    "links %j to tests that are there, or says that it is not",
    (_feature, _theirs, ours = "", tests = "") => {
      const links = [...tests.matchAll(/\[(.+?)\]\((.+?)\)/g)];
      expect(links.length === 0).toBe(ours === "not yet");
      for (const [, title = "", file = ""] of links) {
        expect(titlesOf(readFileSync(path.join(ROOT, "docs", file), "utf8"))).toContainEqual(
          expect.stringContaining(title),
        );
      }
    },
  );
});
