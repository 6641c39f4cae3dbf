import type { AnyOutputs } from "../inference/untyped.ts";
import type { AnswerTimings, ClipTimings, StepTime } from "../observe/timings.ts";
import { cleanText } from "../transport/clean-text.ts";
import { integer, odd, optionalOutput, string } from "./outputs.ts";
import { type ProgressEvent, STAGES, type Stage, type StageTime } from "./types.ts";

/** The stage of the response that carries the clip. */
const DONE = "done";

/** The progress that a response tells of; undefined for the one that carries the clip. */
export function readProgress(outputs: AnyOutputs): ProgressEvent | undefined {
  const name = string(outputs, "STAGE");
  if (name === DONE) return undefined;
  const preview = optionalOutput(outputs, "PREVIEW", "UINT8");
  return {
    stage: stageNamed(name),
    step: integer(outputs, "STEP", "INT32"),
    steps: integer(outputs, "STEPS", "INT32"),
    elapsedMs: integer(outputs, "ELAPSED_US", "INT64") / 1000,
    ...(preview === undefined ? {} : { preview }),
  };
}

/** Adds up what each stage took, from when its steps ended. */
export class StageClock {
  readonly #times = new Map<Stage, StageTime>();
  #elapsedMs = 0;

  add({ stage, steps, elapsedMs }: ProgressEvent): void {
    const before = this.#times.get(stage)?.ms ?? 0;
    // Whole microseconds, as the server counts: a sum of fractions would show more digits than were measured.
    const ms = Math.round((before + Math.max(0, elapsedMs - this.#elapsedMs)) * 1000) / 1000;
    this.#times.set(stage, { stage, ms, steps });
    this.#elapsedMs = Math.max(this.#elapsedMs, elapsedMs);
  }

  /** In the order the stages first appeared. */
  times(): StageTime[] {
    return [...this.#times.values()];
  }
}

/** Notes what each step took as its answers came in. */
export class StepClock {
  readonly #steps: StepTime[] = [];

  add({ stage, step }: ProgressEvent, { sinceLastMs }: AnswerTimings): void {
    this.#steps.push({ stage, step, ms: sinceLastMs });
  }

  /** The timings of the clip, given those of the answer that carried it. */
  timings(answer: AnswerTimings): ClipTimings {
    const { encodeMs, sendMs, waitMs, receiveMs, decodeMs, totalMs, firstResponseMs } = answer;
    return { encodeMs, sendMs, waitMs, receiveMs, decodeMs, totalMs, firstResponseMs, steps: this.#steps };
  }
}

function stageNamed(name: string): Stage {
  const stage = STAGES.find((known) => known === name);
  if (stage === undefined) throw odd("STAGE", `expected a stage of the pipeline, got "${cleanText(name)}"`);
  return stage;
}
