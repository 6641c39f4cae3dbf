import { TriptychError, toTriptychError } from "../../errors/index.ts";
import type { InferenceStream } from "../inference/calls.ts";
import { readClip } from "./clip.ts";
import { EventQueue } from "./event-queue.ts";
import { odd } from "./outputs.ts";
import { readProgress, StageClock, StepClock } from "./progress.ts";
import type { Clip, ProgressEvent, Run, UsedSettings } from "./types.ts";

/** A request under way on a streaming door. */
export interface StartedRun {
  readonly answers: InferenceStream;
  readonly used: UsedSettings;
}

/** The run of a request; `start` may throw, which the run then tells of. */
export function createRun(start: () => StartedRun): Run {
  const events = new EventQueue();
  let started: StartedRun | undefined;
  const begin = async (): Promise<Clip> => {
    started = start();
    return play(started, events);
  };
  const result = begin().then(
    (clip) => {
      events.end();
      return clip;
    },
    (reason: unknown) => {
      const error = toTriptychError(reason);
      events.fail(error);
      throw error;
    },
  );
  // Whoever only loops, or has left, does not look at the result; that must not end the process.
  result.catch(() => undefined);
  const cancel = (): void => {
    started?.answers.stop(new TriptychError("cancelled", "The run was cancelled."));
  };
  return {
    result,
    cancel,
    [Symbol.asyncIterator]: () => iterate(events, cancel),
    [Symbol.dispose]: cancel,
    [Symbol.asyncDispose]: async () => {
      cancel();
      await Promise.allSettled([result]);
    },
  };
}

/** Reads the answers to the end. Once the clip is there, what happens to the connection is of no matter. */
async function play({ answers, used }: StartedRun, events: EventQueue): Promise<Clip> {
  const stages = new StageClock();
  const steps = new StepClock();
  let clip: Clip | undefined;
  try {
    for await (const { outputs, timings } of answers) {
      const progress = readProgress(outputs);
      if (progress === undefined) {
        clip ??= readClip(outputs, { used, stages: stages.times(), timings: steps.timings(timings) });
      } else {
        stages.add(progress);
        steps.add(progress, timings);
        events.push(progress);
      }
    }
  } catch (reason) {
    if (clip === undefined) throw reason;
  }
  if (clip === undefined) throw odd("VIDEO", "the stream ended without it");
  return clip;
}

function iterate(events: EventQueue, cancel: () => void): AsyncIterator<ProgressEvent, undefined> {
  return {
    next: () => events.next(),
    return: () => {
      cancel();
      return Promise.resolve({ done: true, value: undefined });
    },
  };
}
