import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { renderSchedule, type SolverName } from "./index.ts";

/**
 * The schedules that tools/tests/test_schedules.py plays against diffusers. This test keeps the files what the
 * code renders; after a change that is meant, run `UPDATE=1 npx vitest run src/diffusion && npm run format`.
 */
const FOLDER = new URL("../../tools/tests/data/schedules/", import.meta.url);

const LISTED: readonly (readonly [solver: SolverName, shift: number, steps: readonly number[]])[] = [
  ["unipc", 5, [1, 2, 4, 10, 20, 40, 50]],
  ["unipc", 12, [1, 2, 4, 10, 20, 40, 50]],
  ["euler", 5, [1, 2, 4, 8]],
  ["dpmpp2m", 5, [10, 20]],
  ["dpmpp2m", 12, [10, 20]],
];

const SCHEDULES = LISTED.flatMap(([solver, shift, stepCounts]) =>
  stepCounts.map((steps) => ({
    file: `${solver}-shift${shift}-${steps}.json`,
    schedule: renderSchedule({ solver, shift, boundary: 0.875 }, steps),
  })),
);

describe("schedules for the proof against diffusers", () => {
  if (process.env["UPDATE"] === "1") {
    mkdirSync(FOLDER, { recursive: true });
    for (const { file, schedule } of SCHEDULES) {
      writeFileSync(new URL(file, FOLDER), `${JSON.stringify(schedule, null, 2)}\n`);
    }
  }

  it.each(SCHEDULES)("$file", ({ file, schedule }) => {
    const stored: unknown = JSON.parse(readFileSync(new URL(file, FOLDER), "utf8"));
    expect(stored).toEqual(schedule);
  });

  it("are all there is", () => {
    expect(readdirSync(FOLDER).toSorted()).toEqual(SCHEDULES.map(({ file }) => file).toSorted());
  });
});
