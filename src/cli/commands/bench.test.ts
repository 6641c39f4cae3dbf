import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createTerminal } from "../terminal.ts";
import { pipe } from "../testing/outputs.ts";
import { bench } from "./bench.ts";
import { inFolder } from "./bench-folder.ts";
import type { BenchOptions } from "./bench-plan.ts";

function folder(): string {
  const made = mkdtempSync(path.join(tmpdir(), "triptych-cli-bench-"));
  onTestFinished(() => {
    rmSync(made, { recursive: true });
  });
  return made;
}

function world() {
  const stderr = pipe();
  const terminal = createTerminal(pipe(), stderr, {});
  const { signal } = new AbortController();
  return { context: { terminal, signal, json: false, self: "triptych" }, stderr };
}

const SPEC = path.join(import.meta.dirname, "../../../configs/wan-tiny.yaml");

const OPTIONS = { spec: SPEC, server: ["127.0.0.1:1"], seed: 1, door: "stream", deadlineMs: 1000 } as const;

const wrong: [string, RegExp, Partial<BenchOptions>][] = [
  ["--requests 0", /requests: expected/, { requests: 0 }],
  ["--ramp without an end", /ramp: expected a duration/, { ramp: [1, 2] }],
  ["--max-in-flight 0", /in flight: expected/, { rate: [1], maxInFlight: 0 }],
  ["--max-in-flight of a closed loop", /takes --rate/, { concurrency: [2], maxInFlight: 1 }],
  ["--variant beside --mix", /one of them/, { variant: ["draft"], mix: [{ variant: "draft", weight: 1 }] }],
  ["--arrivals without --rate", /no --rate/, { arrivals: "constant" }],
  ["--up-to without --below", /no --below/, { upTo: 5 }],
  ["--percentile without --below", /no --below/, { percentile: 50 }],
  ["--requests below --concurrency", /cannot keep 32/, { concurrency: [32], requests: 6 }],
  ["an empty prompt", /prompt: expected/, { prompt: [""] }],
  [
    "a variant twice in a mix",
    /named twice/,
    { mix: [1, 2].map((weight) => ({ variant: "draft", weight })) },
  ],
  ["a process that is no Triton", /process of a Triton/, { serverPid: process.pid }],
  [
    "a search that ends below its beginning",
    /from 8 .* end at 4/,
    { concurrency: [8], requests: 60, belowMs: 9, upTo: 4 },
  ],
  ["a search that cannot tell", /takes 59 requests/, { belowMs: 100, requests: 20 }],
];

describe("triptych bench", () => {
  // Nothing listens there: whoever connects says so.
  it.each(wrong)("refuses %s before it connects", async (_, message, changes) => {
    const out = path.join(folder(), "out");
    await expect(bench(world().context, { ...OPTIONS, out, ...changes })).rejects.toMatchObject({
      code: "usage",
      message: expect.stringMatching(message) as string,
    });
    expect(existsSync(out)).toBe(false);
  });

  it("connects where there is nothing to refuse", async () => {
    const out = path.join(folder(), "out");
    const run = bench(world().context, { ...OPTIONS, out, concurrency: [32] });
    await expect(run).rejects.toMatchObject({ code: "unreachable" });
  });
});

describe("a folder that is measured into again", () => {
  const withRecords = (name: string, out = folder()): string => {
    mkdirSync(path.join(out, "records"), { recursive: true });
    writeFileSync(path.join(out, "records", `${name}.ndjson`), name);
    return out;
  };
  const recordsIn = (out: string, below: string): string[] =>
    existsSync(path.join(out, below)) ? readdirSync(path.join(out, below)) : [];

  it("begins without the records of the run before, which stand aside", async () => {
    const out = withRecords("old");
    const { context, stderr } = world();
    for (const name of ["new", "newer"])
      await inFolder(context, { out }, async () => {
        expect(recordsIn(out, "records")).toEqual([]);
        withRecords(name, out);
        return Promise.resolve();
      });
    expect(recordsIn(out, "records")).toEqual(["newer.ndjson"]);
    expect(readFileSync(path.join(out, "records-before/new.ndjson"), "utf8")).toBe("new");
    expect(stderr.text).toContain("records-before");
  });

  it("keeps them where it resumes", async () => {
    const out = withRecords("old");
    await inFolder(world().context, { out, resume: true }, () => Promise.resolve());
    expect(recordsIn(out, "records")).toEqual(["old.ndjson"]);
  });

  it("refuses a second bench while the first one measures", async () => {
    const out = withRecords("old");
    await inFolder(world().context, { out, resume: true }, async () => {
      const second = inFolder(world().context, { out }, () => Promise.resolve());
      await expect(second).rejects.toMatchObject({ code: "usage" });
    });
    expect(recordsIn(out, "records")).toEqual(["old.ndjson"]);
    expect(readdirSync(out)).toEqual(["records"]);
  });
});
