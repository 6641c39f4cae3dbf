import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { END, requestOf, START } from "../testing/runs.ts";
import { readRecords } from "./reader.ts";
import type { BenchRecord } from "./types.ts";
import { openRecords } from "./writer.ts";

function folder(): string {
  const made = mkdtempSync(path.join(tmpdir(), "triptych-records-"));
  onTestFinished(() => {
    rmSync(made, { recursive: true });
  });
  return made;
}

async function written(records: readonly BenchRecord[]): Promise<string> {
  const file = path.join(folder(), "below/run.ndjson");
  const writer = await openRecords(file);
  for (const record of records) writer.write(record);
  await writer.close();
  return file;
}

it("reads what was written: counts, columns, errors by kind, stages", async () => {
  const stages = { high_noise: [2, 10], low_noise: [2, 6] } as const;
  const file = await written([
    START,
    requestOf(0, { phase: "warm-up" }),
    ...Array.from({ length: 150 }, (_, index) => requestOf(index + 1, { stages })),
    requestOf(151, { outcome: "overloaded", message: "full" }),
    requestOf(152, { outcome: "overloaded", message: "still full" }),
    requestOf(153, { outcome: "unreachable" }),
    END,
  ]);
  const run = await readRecords(file);
  expect(run.start).toEqual(START);
  expect(run.end).toEqual(END);
  expect([run.warmedUp, run.succeeded.count, run.failed]).toEqual([1, 150, 3]);
  expect([...run.errors.values()]).toEqual([
    { code: "overloaded", count: 2, message: "full" },
    { code: "unreachable", count: 1, message: "" },
  ]);
  expect(run.variants.get("draft")?.stages.get("high_noise")).toEqual({
    requests: 150,
    steps: 300,
    ms: 1500,
  });
  expect([run.firstDueMs, run.lastDueMs, run.lastDoneMs]).toEqual([100, 15_300, 15_400]);
});

it("reads a run that was killed as far as it goes", async () => {
  const file = await written([START, requestOf(0), requestOf(1)]);
  appendFileSync(file, '{"kind":"request","ind');
  const run = await readRecords(file);
  expect(run.succeeded.count).toBe(2);
  expect(run.end).toBeUndefined();
});

it.each([
  ["nothing", "", /:1: the file is empty/],
  ["something else", "hello\n", /:1: expected the start of a run/],
  ["another version", JSON.stringify({ ...START, version: 2 }), /expected version 1, got 2/],
  [
    "a broken line before the last",
    `${JSON.stringify(START)}\n{\n${JSON.stringify(END)}\n`,
    /:2: expected a record/,
  ],
  ["a request without times", `${JSON.stringify(START)}\n{"kind":"request"}\n{}\n`, /:2: expected a record/],
  ["two runs", `${[START, END, START].map((line) => JSON.stringify(line)).join("\n")}\n{}`, /:3: /],
])("refuses %s, and names the line", async (_, text, message) => {
  const file = path.join(folder(), "x.ndjson");
  writeFileSync(file, text);
  await expect(readRecords(file)).rejects.toMatchObject({
    code: "records-invalid",
    message: expect.stringMatching(message) as string,
  });
});

it("tells a file that is not there", async () => {
  await expect(readRecords(path.join(folder(), "none"))).rejects.toMatchObject({ code: "records-invalid" });
  await expect(readRecords(folder())).rejects.toMatchObject({ code: "records-invalid" });
});

it("tells a place that cannot be written when it opens it", async () => {
  const file = path.join(folder(), "file");
  writeFileSync(file, "");
  await expect(openRecords(path.join(file, "run.ndjson"))).rejects.toMatchObject({
    code: "output-unwritable",
  });
});

it.skipIf(!existsSync("/dev/full"))(
  "tells a full disk at the end, and that it has failed before",
  async () => {
    const writer = await openRecords("/dev/full");
    writer.write(START);
    for (let index = 0; index < 200; index += 1) writer.write(requestOf(index));
    await expect(writer.close()).rejects.toMatchObject({ code: "disk-full" });
    expect(writer.failure?.code).toBe("disk-full");
  },
);

it("has the first line on disk before the run is over", async () => {
  const file = path.join(folder(), "run.ndjson");
  const writer = await openRecords(file);
  writer.write(START);
  await expect.poll(() => readFileSync(file, "utf8")).toContain("triptych-bench");
  await writer.close();
});
