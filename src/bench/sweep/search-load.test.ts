import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { Load } from "../plan/load.ts";
import { readRecords } from "../records/reader.ts";
import { MEASUREMENT } from "../testing/runs.ts";
import { PIPELINE, targetOf } from "../testing/targets.ts";
import type { Sweep } from "./points.ts";
import { searchLoad, searchPoint } from "./search-load.ts";

const LIMIT = { percentile: 50, ms: 2000 };

function sweep(load: Load, extent: object, more: readonly Load[] = []): Sweep {
  return {
    base: { ...MEASUREMENT, warmUp: {}, extent },
    prompts: MEASUREMENT.mix.prompts,
    loads: [load, ...more],
    variants: [MEASUREMENT.mix.variants],
  };
}

it("measures a level with as much as it takes to be under way", () => {
  const extentOf = (load: Load, extent: object, level: number) =>
    searchPoint(LIMIT, sweep(load, extent), level).measurement.extent;
  const closed: Load = { kind: "closed", concurrency: 1 };
  expect(extentOf(closed, { requests: 6 }, 1)).toEqual({ requests: 6 });
  expect(extentOf(closed, { requests: 6 }, 8)).toEqual({ requests: 32 });
  expect(extentOf(closed, { durationMs: 100 }, 8)).toEqual({ durationMs: 100 });
  // A queue that grows takes time to reach two seconds.
  const open: Load = { kind: "poisson", perSecond: 1 };
  expect(extentOf(open, { requests: 6 }, 10)).toEqual({ requests: 80 });
  expect(extentOf(open, { durationMs: 100 }, 10)).toEqual({ durationMs: 8000 });
});

it("has each level under way that it tells of", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "triptych-search-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  let underWay = 0;
  let most = 0;
  const target = targetOf("a:1", {
    send: async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise((resolve) => setTimeout(resolve, 1));
      underWay -= 1;
      return { outcome: "ok" };
    },
  });
  const options = { folder, targets: [target], pipeline: PIPELINE };
  const found = await searchLoad(
    LIMIT,
    32,
    sweep({ kind: "closed", concurrency: 8 }, { requests: 6 }),
    options,
  );
  expect(found).toMatchObject({ from: 8, level: 32 });
  expect(most).toBe(32);
  const runs = await Promise.all(found.files.map((file) => readRecords(file)));
  expect(runs.map(({ succeeded }) => succeeded.count)).toEqual([32, 64, 128]);
});

it.each([
  [
    "two loads",
    sweep({ kind: "closed", concurrency: 1 }, { requests: 9 }, [{ kind: "closed", concurrency: 2 }]),
    9,
  ],
  ["an end below its beginning", sweep({ kind: "closed", concurrency: 5 }, { requests: 9 }), 4],
  ["requests that cannot tell", sweep({ kind: "closed", concurrency: 1 }, { requests: 4 }), 9],
  ["a trace", sweep({ kind: "trace", offsetsMs: [1] }, {}), 9],
])("refuses %s before it measures", async (_, wrong, to) => {
  const options = { folder: "/nowhere", targets: [], pipeline: PIPELINE };
  await expect(searchLoad(LIMIT, to, wrong, options)).rejects.toMatchObject({ code: "usage" });
});
