import { expect, it } from "vitest";
import { END, MEASUREMENT, requestOf, runOf } from "../testing/runs.ts";
import { reportOf } from "./report.ts";
import { tablesOf } from "./tables.ts";
import { withVariants } from "./variants.ts";

it("shows speed, size and quality of each variant, and of no mix", () => {
  const use = { pid: 1, processes: 2, cores: 1, meanRssBytes: 2 ** 20, peakRssBytes: 2 ** 21 };
  const one = runOf([requestOf(0), requestOf(1)], { ...END, resources: { process: use } });
  const variants = [
    { variant: "draft", weight: 1 },
    { variant: "final", weight: 1 },
  ];
  const mixed = runOf(
    [requestOf(0)],
    {},
    { measurement: { ...MEASUREMENT, mix: { ...MEASUREMENT.mix, variants } } },
  );
  const known = { sizes: { draft: 3 * 2 ** 20 }, quality: { draft: { adherence: 1, flicker: 2.5 } } };
  const report = withVariants(reportOf([one, mixed]), known);
  expect(report.variants).toHaveLength(1);
  const table = tablesOf(report).find(({ title }) => title === "Speed, size and quality");
  expect(table?.head.slice(-2)).toEqual(["adherence", "flicker"]);
  expect(table?.rows).toEqual([["draft", "draft-c1", "100", "10", "2", "3", "1", "2.50"]]);
  expect(tablesOf(reportOf([one])).some(({ title }) => title === "Speed, size and quality")).toBe(false);
});
