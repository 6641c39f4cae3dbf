import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { createTerminal } from "../terminal.ts";
import { pipe } from "../testing/outputs.ts";
import { type ReportOptions, report } from "./report.ts";

const SPEC = path.join(import.meta.dirname, "../../../configs/wan-tiny.yaml");

/** A run of one draft clip, named as a server or a hand that edits may name it. */
function recordFile(name: string, pipeline = "wan-tiny"): string {
  const folder = mkdtempSync(path.join(tmpdir(), "triptych-cli-report-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const draft = { ensemble: "draft", stream: "draft_stream", steps: [4], guidance: false };
  const count = ["1", "90000000"];
  const none = ["0", "0"];
  const durations = { success: count, fail: none, queue: none, input: none, infer: count, output: none };
  const lines = [
    {
      ...{ kind: "start", format: "triptych-bench", version: 1, name, startedAt: "2026-11-25T12:00:00.000Z" },
      measurement: {
        ...{ load: { kind: "closed", concurrency: 1 }, extent: { requests: 1 }, warmUp: {} },
        mix: { variants: [{ variant: "draft", weight: 1 }], prompts: [{ text: "a", weight: 1 }] },
        ...{ seed: 1, door: "stream", maxInFlight: 9, deadlineMs: 1000 },
      },
      pipeline: {
        pipeline,
        video: { width: 8, height: 8, frames: 4, fps: 8 },
        variants: { draft },
      },
      server: { name: "triton", version: "2.51.0" },
      endpoints: ["127.0.0.1:8001"],
      host: { cpu: "a cpu", cores: 2, memoryBytes: 8, node: "20.20.2", platform: "linux-x64" },
    },
    {
      ...{ kind: "request", index: 0, phase: "measured", variant: "draft", prompt: 0, seed: 1, endpoint: 0 },
      ...{ dueMs: 0, sentMs: 0, doneMs: 100, outcome: "ok", bytes: 10 },
    },
    {
      ...{ kind: "end", interrupted: false, measuredFromMs: 0, resources: {}, missing: [] },
      models: [{ model: "draft_stream", inferences: "1", executions: "1", ...durations }],
      generator: { utilization: 0.1, loopDelayP99Ms: 0, capped: 0 },
      load: { busy: 0.1, steal: 0, spin: 1 },
    },
  ];
  const file = path.join(folder, "run.ndjson");
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  return file;
}

async function told(options: ReportOptions): Promise<string> {
  const stdout = pipe();
  const terminal = createTerminal(stdout, pipe(), {});
  const { signal } = new AbortController();
  await report({ terminal, signal, json: false, self: "triptych" }, options);
  return stdout.text;
}

it("keeps a name within its line, and off the terminal's controls", async () => {
  const plain = await told({ files: [recordFile("draft-c1")] });
  const text = await told({ files: [recordFile("a\u001b[31mred\nb\tc")] });
  expect(text).not.toMatch(/[\u001b\t]/);
  expect(text.split("\n")).toHaveLength(plain.split("\n").length);
  expect(text).toContain("Where the time goes: a\ufffd[31mred\ufffdb\ufffdc");
});

it("counts a file once, however often it is named", async () => {
  const file = recordFile("draft-c1");
  const more = path.join(path.dirname(file), ".", "run.ndjson");
  expect(await told({ files: [file, more, file] })).toBe(await told({ files: [file] }));
});

it("refuses the spec of another pipeline", async () => {
  const options = { files: [recordFile("draft-c1", "wan-large")], spec: SPEC };
  await expect(told(options)).rejects.toMatchObject({
    code: "usage",
    message: expect.stringContaining("expected that of wan-large") as string,
  });
});
