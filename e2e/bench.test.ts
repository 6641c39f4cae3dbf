import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { Ajv } from "ajv";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Point, RECORD_SCHEMA, REPORT_SCHEMA, type Report } from "../src/bench/index.ts";
import type { TritonServer } from "../src/server/index.ts";
import { lookAt, unreadable } from "./fixtures/browser.ts";
import { type CliEnd, cli, documentOf, startCli } from "./fixtures/cli.ts";
import { pythonOf, ROOT, startTiny, temporaryFolder } from "./support.ts";

let server: TritonServer;

beforeAll(async () => {
  server = await startTiny();
});

afterAll(async () => {
  await server.stop();
});

/** The machine of a test may be as busy as it likes: what is checked here is not how fast it is. */
function words(folder: string, ...more: readonly string[]): string[] {
  const common = ["--server", server.grpcEndpoint, "--variant", "draft", "--out", folder, "--ignore-checks"];
  return ["bench", ...common, "--json", ...more];
}

function reportIn(end: CliEnd): Report {
  expect(end.stderr).not.toContain("error[");
  return documentOf(end) as unknown as Report;
}

function pointIn(end: CliEnd): Point {
  const [point] = reportIn(end).points;
  if (point === undefined) throw new TypeError("no point");
  return point;
}

/** Triton's own counters of a model, by its Prometheus endpoint. */
async function counters(model: string): Promise<{ success: number; us: number }> {
  const answer = await fetch(server.metricsUrl, { headers: { connection: "close" } });
  const text = await answer.text();
  const value = (name: string): number =>
    Number(new RegExp(`^${name}\\{model="${model}",version="1"\\} (\\S+)$`, "m").exec(text)?.[1]);
  return { success: value("nv_inference_request_success"), us: value("nv_inference_request_duration_us") };
}

const MODELS = ["draft_stream", "tokenizer", "draft_high_noise", "draft_low_noise", "vae_decoder"];

describe("a measurement of the real Triton", () => {
  const folder = temporaryFolder("bench");
  let report: Report;
  let point: Point;
  const before = new Map<string, Awaited<ReturnType<typeof counters>>>();

  beforeAll(async () => {
    for (const model of MODELS) before.set(model, await counters(model));
    const end = await cli(words(folder, "--requests", "6", "--concurrency", "2", "--warm-up", "0"));
    expect(end.code).toBe(0);
    report = reportIn(end);
    [point] = report.points as [Point];
  });

  it("counts as Triton's own Prometheus endpoint does", async () => {
    for (const model of MODELS) {
      const now = await counters(model);
      const [count, ns] = point.models.find((one) => one.model === model)?.success ?? ["0", "0"];
      const calls = now.success - (before.get(model)?.success ?? 0);
      expect(Number(count), model).toBe(calls);
      // Prometheus has whole microseconds for each call.
      const us = now.us - (before.get(model)?.us ?? 0);
      expect(Math.abs(Number(ns) / 1000 - us), model).toBeLessThanOrEqual(calls);
    }
  });

  it("tells where the time goes: calls of each expert, parts that add up, none of it lost", () => {
    const { wholeMs = 0, parts = [], foreignRequests } = point.time ?? {};
    expect(parts.reduce((sum, { perRequestMs }) => sum + perRequestMs, 0)).toBeCloseTo(wholeMs, 6);
    expect(wholeMs).toBeCloseTo(point.responseMs?.mean ?? 0, 6);
    const calls = parts.flatMap(({ models }) => models.map((one) => [one.model, one.callsPerRequest]));
    expect(Object.fromEntries(calls)).toEqual({
      ...{ draft_stream: 1, tokenizer: 1, text_encoder: 1, draft_high_noise: 2, draft_low_noise: 2 },
      ...{ vae_decoder: 1, video_encoder: 1 },
    });
    expect(foreignRequests).toBe(0);
    // Every stage takes time, and what no stage explains is the smaller part.
    for (const { name, perRequestMs } of parts.slice(2, -1)) expect(perRequestMs, name).toBeGreaterThan(0);
    const [client, residual] = [parts[0]?.share ?? 1, parts.at(-1)?.share ?? 1];
    expect(client + residual).toBeLessThan(0.5);
    expect(residual).toBeGreaterThan(-0.01);
  });

  it("tells the same stages by the stream's own progress", () => {
    const [draft] = point.variants;
    expect(draft?.stages.map(({ stage }) => stage)).toHaveLength(6);
    expect([draft?.highNoiseSteps, draft?.lowNoiseSteps]).toEqual([2, 2]);
    const byStream = draft?.stages.reduce((sum, { perRequestMs }) => sum + perRequestMs, 0) ?? 0;
    // The stream counts from when the front door began, so without its queue.
    const byCounters = (point.time?.parts ?? [])
      .slice(2)
      .reduce((sum, { perRequestMs }) => sum + perRequestMs, 0);
    expect(byStream / byCounters).toBeGreaterThan(0.8);
    expect(byStream / byCounters).toBeLessThan(1.01);
  });

  it("finds the server's processes by itself, with memory and CPU", () => {
    expect(point.resources.process?.pid).toBe(server.pid);
    expect(point.resources.process?.processes).toBeGreaterThan(5);
    expect(point.resources.process?.peakRssBytes).toBeGreaterThan(100e6);
    expect(point.resources.process?.cores).toBeGreaterThan(0.01);
  });

  it("gives rates in clips and in video", () => {
    expect(point.requests).toEqual({ succeeded: 6, failed: 0, warmUp: 0, errors: [] });
    expect(point.clipsPerSecond).toBeCloseTo(6 / point.spanSeconds, 9);
    expect(point.units?.framesPerSecond).toBeCloseTo(17 * point.clipsPerSecond, 6);
    expect(point.responseMs?.percentiles.map(({ p }) => p)).toEqual([50]);
  });

  it("makes the same report of its records again", async () => {
    const again = await cli(["report", folder, "--json"]);
    expect(again.code).toBe(0);
    expect(reportIn(again)).toEqual(report);
    expect(JSON.parse(readFileSync(path.join(folder, "report.json"), "utf8"))).toEqual(report);
  });

  it("writes records and a report that their schemas describe", () => {
    const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true, validateFormats: false });
    const lines = readFileSync(path.join(folder, "records/draft-c2.ndjson"), "utf8").trimEnd().split("\n");
    expect(lines).toHaveLength(8);
    for (const line of lines) {
      ajv.validate(RECORD_SCHEMA, JSON.parse(line));
      expect(ajv.errors, line).toBeNull();
    }
    ajv.validate(REPORT_SCHEMA, report);
    expect(ajv.errors).toBeNull();
    expect(ajv.validate(REPORT_SCHEMA, { ...report, more: 1 })).toBe(false);
  });

  it("writes a page and a JUnit file that other parsers read, and that fetch nothing", () => {
    const files = ["report.html", "junit.xml"].map((name) => path.join(folder, name));
    const script = path.join(ROOT, "e2e/judges/markup.py");
    const found = JSON.parse(
      execFileSync(pythonOf("judge"), [script, ...files], { encoding: "utf8" }),
    ) as Record<string, unknown>;
    expect(found).toMatchObject({ fetched: [], open: [], wrong: [], drawings: 3, suites: 1, cases: 6 });
    expect(found["counts"]).not.toHaveProperty("script");
    expect(found["text"]).toContain("draft_high_noise");
    // Inside the picture.
    expect(found["least"]).toBeGreaterThanOrEqual(0);
    expect(found["most"]).toBeLessThanOrEqual(720);
  });

  it("writes a page that a browser shows whole, in any width and scheme, whatever a server said", async () => {
    const hostile = temporaryFolder("bench-hostile");
    const records = readFileSync(path.join(folder, "records/draft-c2.ndjson"), "utf8").trimEnd().split("\n");
    const evil = `</td><script>document.title = "run"</script><img src="http://127.0.0.1:9/x" onerror="alert(1)">`;
    const lines = records.map((line, index) => {
      if (index !== 2) return line;
      const failed = { outcome: "inference-failed", message: evil, bytes: undefined, stages: undefined };
      return JSON.stringify({ ...(JSON.parse(line) as object), ...failed });
    });
    mkdirSync(path.join(hostile, "records"));
    for (const name of ["draft-c2", "draft-c4"]) {
      const text = lines.join("\n").replace('"name":"draft-c2"', `"name":"${name}"`);
      writeFileSync(path.join(hostile, `records/${name}.ndjson`), `${text}\n`);
    }
    const reported = await cli(["report", hostile, "--out", hostile]);
    expect(reported.code, reported.stderr).toBe(0);
    const page = path.join(hostile, "report.html");
    const browser = temporaryFolder("browser");
    for (const width of [1200, 390]) {
      const seen = lookAt(page, browser, { width });
      expect(seen).toMatchObject({
        ...{ title: "wan-tiny: what was measured", said: [], elements: 0, scrollWidth: width },
        ...{ background: "rgb(255, 255, 255)", requests: [pathToFileURL(page).href] },
      });
      // Two plots of both loads, three of each.
      expect(seen.drawings.map(({ marks }) => marks > 0)).toEqual(Array.from({ length: 8 }, () => true));
      expect(unreadable(seen)).toEqual([]);
      expect(seen.text).toContain(evil);
    }
    const dark = lookAt(page, browser, { width: 1200, scheme: "dark" });
    expect([dark.background, dark.ink]).toEqual(["rgb(21, 28, 35)", "rgb(221, 228, 234)"]);
  });
});

describe("a run that does not go as planned", () => {
  it("counts errors by kind and goes on", async () => {
    const folder = temporaryFolder("bench");
    // Longer than the text encoder takes.
    const prompts = ["--prompt", "red ".repeat(200), "--prompt", "a red circle moves right"];
    const end = await cli(words(folder, "--requests", "6", "--warm-up", "0", "--seed", "3", ...prompts));
    const { requests, time, checks } = pointIn(end);
    expect(checks.find(({ name }) => name === "failures")?.verdict).toBe("warned");
    expect(end.stderr).toContain(`${requests.failed} of 6 requests failed`);
    expect(requests.succeeded).toBeGreaterThan(0);
    expect(requests.succeeded + requests.failed).toBe(6);
    expect(requests.errors).toHaveLength(1);
    expect(requests.errors[0]).toMatchObject({ code: "request-invalid", count: requests.failed });
    expect(requests.errors[0]?.message).toContain("PROMPT");
    expect(time?.foreignRequests).toBe(requests.failed);
  });

  it("finishes what runs at Ctrl-C, and saves", async () => {
    const folder = temporaryFolder("bench");
    const run = startCli(words(folder, "--requests", "100000", "--warm-up", "0"));
    await run.saw(/measured \d+ done/);
    run.child.kill("SIGINT");
    const end = await run.ended;
    expect(end.code).toBe(130);
    const { interrupted, complete, requests } = pointIn(end);
    expect({ interrupted, complete, failed: requests.failed }).toEqual({
      ...{ interrupted: true, complete: true, failed: 0 },
    });
    expect(requests.succeeded).toBeGreaterThan(0);
    // It is measured again by --resume, since it is not whole.
    const resumed = await cli(words(folder, "--requests", "1", "--warm-up", "0", "--resume"));
    expect(pointIn(resumed)).toMatchObject({ interrupted: false, requests: { succeeded: 1 } });
  });
});

describe("a sweep", () => {
  it("goes through loads and doors, and resumes with what it has", async () => {
    const folder = temporaryFolder("bench");
    const load = ["--rate", "2,4", "--arrivals", "constant", "--requests", "2", "--warm-up", "1"];
    const sweep = words(folder, ...load, "--door", "ensemble");
    const { points } = reportIn(await cli(sweep));
    expect(points.map(({ name }) => name)).toEqual(["draft-constant2", "draft-constant4"]);
    for (const point of points) {
      expect(point.requests).toMatchObject({ succeeded: 2, warmUp: 1 });
      // The ensemble tells no progress; Triton's counters tell the experts all the same.
      expect(point.variants[0]?.stages).toEqual([]);
      const experts = point.time?.parts.find(({ name }) => name === "high_noise")?.models ?? [];
      expect(experts[0]?.callsPerRequest).toBe(2);
      expect(point.lagMs?.n).toBe(2);
    }
    const again = await cli([...sweep, "--resume"]);
    expect(again.stderr).toContain("draft-constant4: measured already");
    expect(reportIn(again).points).toEqual(points);
  });
});

describe("somebody else at the server", () => {
  it("is noticed by another variant, and left out of where the time goes", async () => {
    const mine = startCli(words(temporaryFolder("bench"), "--requests", "12", "--warm-up", "0"));
    await mine.saw(/measured \d+ done/);
    const final = ["bench", "--server", server.grpcEndpoint, "--variant", "final", "--steps", "10"];
    const others = ["--requests", "1", "--warm-up", "0", "--ignore-checks", "--json"];
    const other = cli([...final, ...others, "--out", temporaryFolder("bench")]);
    const { time, checks } = pointIn(await mine.ended);
    await other;
    const models = (time?.parts ?? []).flatMap((part) => part.models.map(({ model }) => model));
    expect(models.filter((model) => model.startsWith("final"))).toEqual([]);
    expect(time?.foreignCalls.map(({ model }) => model)).toContain("final_high_noise");
    expect(checks.find(({ name }) => name === "server")?.verdict).toBe("warned");
  });
});

describe("a server that is killed in a run", () => {
  it("leaves a report of what was measured and of what failed", async () => {
    const folder = temporaryFolder("bench");
    const run = startCli(words(folder, "--requests", "60", "--warm-up", "0", "--concurrency", "2"));
    await run.saw(/measured \d+ done/);
    if (server.pid === undefined) throw new TypeError("no process");
    process.kill(-server.pid, "SIGKILL");
    const end = await run.ended;
    expect(end.code).toBe(0);
    const { requests, missing, complete } = pointIn(end);
    expect(complete).toBe(true);
    expect(requests.succeeded + requests.failed).toBe(60);
    expect(requests.errors.map(({ code }) => code)).toContain("unreachable");
    expect(missing.join()).toContain("statistics");
  });
});
