import { RunRecords } from "../records/collect.ts";
import {
  type Counted,
  type EndRecord,
  type Measurement,
  type ModelCounts,
  RECORDS_VERSION,
  type RequestRecord,
  type StartRecord,
} from "../records/types.ts";

/** A measurement of draft clips, one at a time. */
export const MEASUREMENT: Measurement = {
  load: { kind: "closed", concurrency: 1 },
  extent: { requests: 4 },
  warmUp: { requests: 1 },
  mix: { variants: [{ variant: "draft", weight: 1 }], prompts: [{ text: "a", weight: 1 }] },
  seed: 1,
  door: "stream",
  maxInFlight: 100,
  deadlineMs: 60_000,
};

/** The first line of a run. */
export const START: StartRecord = {
  kind: "start",
  format: "triptych-bench",
  version: RECORDS_VERSION,
  name: "draft-c1",
  startedAt: "2026-11-25T12:00:00.000Z",
  measurement: MEASUREMENT,
  pipeline: {
    pipeline: "wan-tiny",
    video: { width: 64, height: 64, frames: 16, fps: 8 },
    variants: { draft: { ensemble: "draft", stream: "draft_stream", steps: [4], guidance: false } },
  },
  server: { name: "triton", version: "2.51.0" },
  endpoints: ["127.0.0.1:8001"],
  host: { cpu: "a cpu", cores: 2, memoryBytes: 8, node: "20.20.2", platform: "linux-x64" },
};

/** A model that was called some times, and took some milliseconds in all. */
export function countsOf(model: string, calls: number, ms: number, queueMs = 0): ModelCounts {
  const of = (value: number): Counted => [`${calls}`, `${Math.round(value * 1e6)}`];
  return {
    model,
    inferences: `${calls}`,
    executions: `${calls}`,
    success: of(ms),
    fail: ["0", "0"],
    queue: of(queueMs),
    input: of(0),
    infer: of(ms - queueMs),
    output: of(0),
  };
}

/** The last line of a run on a quiet machine. */
export const END: EndRecord = {
  kind: "end",
  interrupted: false,
  measuredFromMs: 0,
  models: [],
  generator: { utilization: 0.1, loopDelayP99Ms: 0.5, capped: 0 },
  load: { busy: 0.5, steal: 0, others: 0.05, spin: 1.1 },
  resources: {},
  missing: [],
};

/** A request that succeeded, unless it says otherwise. */
export function requestOf(index: number, changes: Partial<RequestRecord> = {}): RequestRecord {
  return {
    kind: "request",
    index,
    phase: "measured",
    variant: "draft",
    prompt: 0,
    seed: 1,
    endpoint: 0,
    dueMs: index * 100,
    sentMs: index * 100,
    doneMs: index * 100 + 100,
    outcome: "ok",
    bytes: 1000,
    ...changes,
  };
}

/** A run of some requests, which are those that were planned unless it says otherwise. */
export function runOf(
  requests: readonly RequestRecord[],
  end: Partial<EndRecord> = {},
  start: Partial<StartRecord> = {},
): RunRecords {
  const measured = requests.filter(({ phase }) => phase === "measured").length;
  const measurement = { ...MEASUREMENT, extent: { requests: measured } };
  const run = new RunRecords({ ...START, measurement, ...start });
  for (const request of requests) run.add(request);
  run.end = { ...END, ...end };
  return run;
}
