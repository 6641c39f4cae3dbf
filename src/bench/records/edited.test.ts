import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { countsOf, END, requestOf, START } from "../testing/runs.ts";
import { readRecords } from "./reader.ts";

const REQUESTS = [0, 1, 2, 3].map((index) => requestOf(index));

function fileOf(lines: readonly (object | string)[], end = "\n"): string {
  const folder = mkdtempSync(path.join(tmpdir(), "triptych-edited-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const file = path.join(folder, "x.ndjson");
  const text = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n");
  writeFileSync(file, `${text}${end}`);
  return file;
}

/** A run whose third request, which stands in line 4, says something else. */
const request = (changes: object): object[] => {
  const [a, b, c, d] = REQUESTS as [object, object, object, object];
  return [START, a, b, { ...c, ...changes }, d, END];
};

const end = (changes: object): object[] => [START, ...REQUESTS, { ...END, ...changes }];

const model = countsOf("draft_stream", 4, 400);

const edited: [string, readonly (object | string)[], RegExp][] = [
  [
    "an answer before it was due",
    request({ doneMs: 150 }),
    /:4: .*doneMs: expected milliseconds from 200 on, got 150/,
  ],
  ["a time below zero", request({ dueMs: -5 }), /:4: .*dueMs: expected milliseconds from 0 on, got -5/],
  ["a time beyond all", request({ doneMs: 1e308 }), /:4: .*doneMs: .* got 1e\+308/],
  ["a time that is text", request({ sentMs: "200" }), /:4: .*sentMs: .* got "200"/],
  ["another phase", request({ phase: "cold" }), /:4: .*phase: expected warm-up or measured, got "cold"/],
  [
    "another variant",
    request({ variant: "final" }),
    /:4: .*variant: expected one of the run's mix, got "final"/,
  ],
  ["another outcome", request({ outcome: "fine" }), /:4: .*outcome: expected ok or the code .* got "fine"/],
  ["a prompt beyond the last", request({ prompt: 1 }), /:4: .*prompt: expected an index below 1, got 1/],
  [
    "an endpoint beyond the last",
    request({ endpoint: 7 }),
    /:4: .*endpoint: expected an index below 1, got 7/,
  ],
  ["half a byte", request({ bytes: 0.5 }), /:4: .*bytes: expected a whole number, got 0.5/],
  ["a seed that is none", request({ seed: null }), /:4: .*seed: .* got null/],
  ["a stage of one number", request({ stages: { tokenizer: [1] } }), /:4: .*stages: /],
  ["a message that is none", request({ message: 5 }), /:4: .*message: expected text, got 5/],
  ["an index that is none", request({ index: -1 }), /:4: .*index: expected a whole number, got -1/],
  ["a line twice", [START, ...REQUESTS.slice(0, 2), ...REQUESTS, END], /:4: .*index: 0 is there twice/],
  [
    "a line that is gone",
    [START, ...REQUESTS.filter((_, at) => at !== 1), END],
    /:5: .*0 to 3, got 3 of them; 1 is/,
  ],
  [
    "a last line that is no JSON",
    [START, ...REQUESTS, '{"kind":"e'],
    /:6: expected a record, got something else/,
  ],
  [
    "a line of another kind",
    [START, { kind: "pause" }, ...REQUESTS, END],
    /:2: .*kind: expected request or end/,
  ],
  [
    "a negative counter",
    end({ models: [{ ...model, success: ["-5", "x"] }] }),
    /:6: .*models.0.success.0: .*-5/,
  ],
  ["an end without its load", end({ load: undefined }), /:6: .*missing key "load"/],
  [
    "a start without a mix",
    [{ ...START, measurement: {} }, ...REQUESTS, END],
    /:1: .*measurement: missing key/,
  ],
];

describe("a record file that was edited", () => {
  it.each(edited)("is refused for %s", async (_, lines, message) => {
    await expect(readRecords(fileOf(lines))).rejects.toMatchObject({
      code: "records-invalid",
      message: expect.stringMatching(message) as string,
    });
  });

  it("is none where nothing was", async () => {
    expect((await readRecords(fileOf([START, ...REQUESTS, END]))).succeeded.count).toBe(4);
  });

  it("is none where the run was killed: requests that ran then are not there, nor the end of the line", async () => {
    const [first, , third] = REQUESTS as [object, object, object];
    const run = await readRecords(fileOf([START, first, third, '{"kind":"requ'], ""));
    expect([run.succeeded.count, run.end]).toEqual([2, undefined]);
  });
});
