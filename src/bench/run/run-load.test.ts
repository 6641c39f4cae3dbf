import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { TriptychError } from "../../errors/index.ts";
import { readRecords } from "../records/reader.ts";
import { MEASUREMENT, START } from "../testing/runs.ts";
import { targetOf } from "../testing/targets.ts";
import { type RunProgress, Tally } from "./progress.ts";
import { type RunOptions, runLoad } from "./run-load.ts";
import { failureOf, type Target } from "./target.ts";

function recordsFile(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "triptych-run-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  return path.join(folder, "run.ndjson");
}

function options(targets: readonly Target[], changes: Partial<RunOptions> = {}): RunOptions {
  return {
    name: "draft-c1",
    measurement: { ...MEASUREMENT, extent: { requests: 6 } },
    pipeline: START.pipeline,
    targets,
    file: recordsFile(),
    ...changes,
  };
}

describe("runLoad", () => {
  it("sends to several servers in turn, warm-up apart", async () => {
    const targets = [targetOf("a:1"), targetOf("b:1")];
    const how = options(targets);
    await runLoad(how);
    const run = await readRecords(how.file);
    expect([run.warmedUp, run.succeeded.count, run.failed]).toEqual([1, 6, 0]);
    expect(targets.map(({ asked }) => asked)).toEqual([4, 3]);
    expect(run.start).toMatchObject({ endpoints: ["a:1", "b:1"], server: { version: "2.51.0" } });
    expect(run.end).toMatchObject({ interrupted: false, models: [], missing: [] });
    expect(run.end?.load.spin).toBeGreaterThanOrEqual(1);
  });

  it("is not lost for want of statistics, and says why there are none", async () => {
    const gone = new TriptychError("unreachable", "it is gone");
    const how = options([targetOf("a:1", { statistics: () => Promise.reject(gone) })]);
    await runLoad(how);
    const run = await readRecords(how.file);
    expect(run.succeeded.count).toBe(6);
    expect(run.end?.missing).toEqual(["statistics: it is gone"]);
  });

  it("records failures by code and goes on", async () => {
    let count = 0;
    const send: Target["send"] = () => {
      count += 1;
      const full = new TriptychError("overloaded", "x".repeat(1000));
      return Promise.resolve(count % 2 === 0 ? failureOf(full) : { outcome: "ok" });
    };
    const how = options([targetOf("a:1", { send })]);
    await runLoad(how);
    const run = await readRecords(how.file);
    expect([run.succeeded.count, run.failed]).toEqual([3, 3]);
    expect(run.errors.get("overloaded")?.message).toHaveLength(300);
  });

  it("saves what was measured when it is interrupted", async () => {
    const abort = new AbortController();
    let count = 0;
    const send: Target["send"] = () => {
      count += 1;
      if (count === 4) abort.abort();
      return Promise.resolve({ outcome: "ok" });
    };
    const how = options([targetOf("a:1", { send })], { signal: abort.signal });
    await runLoad(how);
    const run = await readRecords(how.file);
    expect([run.warmedUp, run.succeeded.count, run.end?.interrupted]).toEqual([1, 3, true]);
  });

  it.each([3_600_000, -3_600_000])("is untouched by a clock that is set by %d ms meanwhile", async (step) => {
    const real = Date.now.bind(Date);
    onTestFinished(() => void vi.restoreAllMocks());
    const send: Target["send"] = async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      vi.spyOn(Date, "now").mockImplementation(() => real() + step);
      return { outcome: "ok" };
    };
    const load = { kind: "constant", perSecond: 50 } as const;
    const measurement = { ...MEASUREMENT, load, warmUp: { durationMs: 20 }, extent: { durationMs: 200 } };
    const how = options([targetOf("a:1", { send })], { measurement });
    await runLoad(how);
    const { succeeded } = await readRecords(how.file);
    const times = [...succeeded.responseMs(), ...succeeded.doneMs.values()];
    expect(times.length).toBeGreaterThan(10);
    expect(times.filter((ms) => ms < 0 || ms > 20_000)).toEqual([]);
  });

  it.skipIf(!existsSync("/dev/full"))("ends early where nothing can be recorded any more", async () => {
    const slow: Target["send"] = async () => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      return { outcome: "ok" };
    };
    const measurement = { ...MEASUREMENT, extent: { durationMs: 3_600_000 } };
    const how = options([targetOf("a:1", { send: slow })], { file: "/dev/full", measurement });
    await expect(runLoad(how)).rejects.toMatchObject({ code: "disk-full" });
  });

  it("refuses a load without an end before it touches anything", async () => {
    const how = options([targetOf("a:1")], { measurement: { ...MEASUREMENT, extent: {} } });
    await expect(runLoad(how)).rejects.toMatchObject({ code: "usage" });
    expect(existsSync(how.file)).toBe(false);
  });

  it("refuses a variant that is not served, and a process that is no Triton", async () => {
    const variants = [{ variant: "drafft", weight: 1 }];
    const measurement = { ...MEASUREMENT, mix: { ...MEASUREMENT.mix, variants } };
    await expect(runLoad(options([targetOf("a:1")], { measurement }))).rejects.toMatchObject({
      code: "usage",
    });
    for (const serverPid of [0, process.pid, 99_999_999])
      await expect(runLoad(options([targetOf("a:1")], { serverPid }))).rejects.toMatchObject({
        code: "usage",
        message: expect.stringContaining("expected the process of a Triton") as string,
      });
  });
});

describe("Tally", () => {
  const add = (tally: Tally, count: number): Tally => {
    for (let ms = 1; ms <= count; ms += 1) tally.add(ms, true);
    return tally;
  };

  it("tells rate, percentiles so far, and the time left by count or by time", () => {
    const byCount = add(new Tally("x", "measured", { requests: 200 }, 1000), 100);
    byCount.add(5, false);
    const at = byCount.at(11_000);
    const expected: Partial<RunProgress> = { done: 101, failed: 1, perSecond: 10, p50Ms: 50, p95Ms: 95 };
    expect(at).toMatchObject(expected);
    expect(at.leftMs).toBeCloseTo((99 * 10_000) / 101, 6);
    const byTime = add(new Tally("x", "measured", { requests: 200, durationMs: 12_000 }, 1000), 100);
    expect(byTime.at(11_000).leftMs).toBe(2000);
  });

  it("does not know what it cannot tell yet", () => {
    const at = new Tally("x", "measured", { requests: 5 }, 0).at(10);
    expect([at.p50Ms, at.leftMs]).toEqual([undefined, undefined]);
  });
});
