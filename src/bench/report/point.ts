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

/** By the gaps between clips that were done one after the other: their number is that of the clips less one. */
function throughputInterval(records: VariantRecords): Pick<Point, "clipsPerSecondInterval"> {
  const done = records.doneMs.values().toSorted();
  const groups = Math.min(200, done.length - 1);
  // Equal numbers of clips, so that each group's mean gap weighs the same.
  const size = Math.floor((done.length - 1) / groups);
  const gaps = Array.from({ length: Math.max(groups, 0) }, (_, group) => {
    const [from, to] = [done[group * size], done[(group + 1) * size]];
    return ((to ?? 0) - (from ?? 0)) / size;
  });
  const found = bootstrap(gaps, (some) => 1000 / mean(some));
  return found === undefined ? {} : { clipsPerSecondInterval: [found.low, found.high] };
}

function speedOf(run: RunRecords) {
  const spanMs = run.lastDoneMs - run.firstDueMs;
  const spanSeconds = Number.isFinite(spanMs) ? spanMs / 1000 : 0;
  const clipsPerSecond = spanSeconds > 0 ? run.succeeded.count / spanSeconds : 0;
  return { spanSeconds, clipsPerSecond, ...throughputInterval(run.succeeded) };
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
    checks: checksOf(run),
    overTime: overTime(run.succeeded),
    distribution: distribution(run.succeeded.responseMs()),
  };
}
