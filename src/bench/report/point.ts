import type { RunRecords, VariantRecords } from "../records/collect.ts";
import { bootstrap, mean } from "../stats/bootstrap.ts";
import { summaryOf } from "../stats/summary.ts";
import { checksOf } from "./checks.ts";
import { distribution, overTime } from "./shape.ts";
import { timeTree } from "./time-tree.ts";
import type { Point, StageMean, VariantResult, VideoUnits } from "./types.ts";

function stageMeans(records: VariantRecords): StageMean[] {
  return [...records.stages].map(([stage, { requests, steps, ms }]) => ({
    stage,
    stepsPerRequest: steps / requests,
    perStepMs: ms / steps,
    perRequestMs: ms / requests,
  }));
}

function variantResults(run: RunRecords): VariantResult[] {
  return [...run.variants]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([variant, records]) => {
      const responseMs = summaryOf(records.responseMs());
      if (responseMs === undefined) return [];
      const stages = stageMeans(records);
      const steps = (name: string): number | undefined =>
        stages.find(({ stage }) => stage === name)?.stepsPerRequest;
      const [high, low] = [steps("high_noise"), steps("low_noise")];
      return {
        variant,
        responseMs,
        stages,
        ...(high === undefined ? {} : { highNoiseSteps: high }),
        ...(low === undefined ? {} : { lowNoiseSteps: low }),
      };
    });
}

function unitsOf(run: RunRecords, clipsPerSecond: number): Pick<Point, "units"> {
  const { count, bytes } = run.succeeded;
  if (count === 0) return {};
  const { frames, fps } = run.start.pipeline.video;
  const gpu = run.end?.resources.gpu;
  const units: VideoUnits = {
    framesPerSecond: clipsPerSecond * frames,
    secondsPerVideoSecond: (mean(run.succeeded.responseMs()) / 1000) * (fps / frames),
    meanBytes: bytes / count,
    ...(gpu === undefined ? {} : { gpuSecondsPerClip: gpu.gpuSeconds / count }),
    ...(gpu?.joules === undefined ? {} : { joulesPerClip: gpu.joules / count }),
  };
  return { units };
}

const MOST_GROUPS = 200;

/** Clips and milliseconds of neighbours: slow and fast clips come together. */
interface Group {
  readonly clips: number;
  readonly ms: number;
}

/** The span of a run, cut where clips were done: the groups have all of its clips, and all of its time. */
function groupsOf(done: Float64Array, fromMs: number, toMs: number): Group[] {
  const size = Math.max(1, Math.ceil(done.length / MOST_GROUPS));
  const count = Math.ceil(done.length / size);
  const ends = Array.from({ length: count }, (_, group) => Math.min((group + 1) * size, done.length));
  // The last one has what followed the last clip as well.
  const endMs = (end: number): number => (end === done.length ? toMs : (done[end - 1] ?? toMs));
  return ends.map((end, group) => {
    const begin = ends[group - 1] ?? 0;
    return { clips: end - begin, ms: endMs(end) - (begin === 0 ? fromMs : endMs(begin)) };
  });
}

/** Of the same quotient as the estimate, so that it holds it: clips by time, over groups that are drawn anew. */
function throughputInterval(run: RunRecords): Pick<Point, "clipsPerSecondInterval"> {
  const done = run.succeeded.doneMs.values().toSorted();
  const groups = groupsOf(done, run.firstDueMs, run.lastDoneMs);
  const rate = (indexes: readonly number[]): number => {
    let [clips, ms] = [0, 0];
    for (const index of indexes) {
      clips += groups[index]?.clips ?? 0;
      ms += groups[index]?.ms ?? 0;
    }
    return (1000 * clips) / ms;
  };
  const found = bootstrap([...groups.keys()], rate);
  if (found === undefined) return {};
  const { value, low, high } = found;
  return { clipsPerSecondInterval: [Math.min(low, value), Math.max(high, value)] };
}

function speedOf(run: RunRecords) {
  const spanMs = run.lastDoneMs - run.firstDueMs;
  const spanSeconds = Number.isFinite(spanMs) ? spanMs / 1000 : 0;
  if (spanSeconds <= 0) return { spanSeconds: 0, clipsPerSecond: 0 };
  return { spanSeconds, clipsPerSecond: run.succeeded.count / spanSeconds, ...throughputInterval(run) };
}

function summaries(run: RunRecords): Pick<Point, "responseMs" | "serviceMs" | "lagMs"> {
  const [responseMs, serviceMs] = [
    summaryOf(run.succeeded.responseMs()),
    summaryOf(run.succeeded.serviceMs()),
  ];
  const lagMs = summaryOf(run.lagMs.values());
  return {
    ...(responseMs === undefined ? {} : { responseMs }),
    ...(serviceMs === undefined ? {} : { serviceMs }),
    ...(lagMs === undefined ? {} : { lagMs }),
  };
}

function fromEnd({
  end,
}: RunRecords): Pick<Point, "models" | "resources" | "missing" | "generator" | "load"> {
  if (end === undefined) return { models: [], resources: {}, missing: ["the end of the run"] };
  const { models, resources, missing, generator, load } = end;
  return { models, resources, missing, generator, load };
}

/** What a run showed. */
export function pointOf(run: RunRecords): Point {
  const { name, startedAt, measurement, host, server, endpoints } = run.start;
  const speed = speedOf(run);
  const time = timeTree(run);
  const errors = [...run.errors.values()].sort((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1));
  return {
    ...{ name, startedAt, measurement, host, server, endpoints },
    interrupted: run.end?.interrupted ?? false,
    complete: run.end !== undefined,
    requests: { succeeded: run.succeeded.count, failed: run.failed, warmUp: run.warmedUp, errors },
    ...speed,
    ...summaries(run),
    ...unitsOf(run, speed.clipsPerSecond),
    variants: variantResults(run),
    ...(time === undefined ? {} : { time }),
    ...fromEnd(run),
    checks: checksOf(run, time),
    overTime: overTime(run.succeeded),
    distribution: distribution(run.succeeded.responseMs()),
  };
}
