import { expect, it } from "vitest";
import { table } from "./table.ts";

it("makes columns as wide as their widest cell, numbers to the right", () => {
  const rows = [
    ["vae_decoder", "1", "208.6"],
    ["total", "", "-1.5"],
  ];
  expect(table(["stage", "steps", "ms"], rows).split("\n")).toEqual([
    "stage        steps  ms",
    "-----------  -----  -----",
    "vae_decoder      1  208.6",
    "total                -1.5",
  ]);
});

it("bears no rows, rows of different lengths, and leaves no space at an end", () => {
  expect(table(["a", "b"], [])).toBe("a  b\n-  -");
  const lines = table(["name", "note"], [["x"], ["y", "z", "beyond"]]).split("\n");
  expect(lines.slice(2)).toEqual(["x", expect.stringMatching(/^y {5}z/)]);
  for (const line of lines) expect(line).not.toMatch(/ $/);
});
