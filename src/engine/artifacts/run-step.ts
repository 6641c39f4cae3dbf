import { isTriptychError, TriptychError } from "../../errors/index.ts";
import { makeFolder, openLogFile, writeWhole } from "../../files/index.ts";
import type { Artifact, ToolStep } from "../../plan/index.ts";
import { isProgramMissing, runProgram } from "../../process/index.ts";
import type { TrtexecEvent } from "../../tensorrt/index.ts";
import { type BuiltEngine, buildUnlocked } from "../trtexec/build-engine.ts";
import type { Trtexec } from "../trtexec/program.ts";
import { engineBuild, outputFolder, toolCommand } from "./command.ts";
import { type Places, placeOutput, REFUSAL } from "./place.ts";
import { toolsEnvironment } from "./tools.ts";

/** How far a step is. */
export interface StepProgress {
  readonly text: string;
  /** Parts done, of how many; absent where the tool tells only what it does. */
  readonly done?: number;
  readonly total?: number;
}

/** How the steps of artifacts are run. */
export interface StepOptions {
  readonly places: Places;
  /** Python with the tools' libraries. */
  readonly python: string;
  readonly trtexec: Trtexec;
  /** Milliseconds a step may take. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (progress: StepProgress) => void;
}

/** `12/40 paths recorded`, as the tools write it. */
const PROGRESS = /^(\d{1,9})\/(\d{1,9}) (.{1,200})$/;

function toolProgress(line: string): StepProgress | undefined {
  const [, done, total, text] = PROGRESS.exec(line) ?? [];
  return text === undefined ? undefined : { text, done: Number(done), total: Number(total) };
}

const PHASES = { parse: "reading the graph", build: "building", check: "loading the engine once" } as const;

function trtexecProgress(event: TrtexecEvent): StepProgress | undefined {
  if (event.kind === "phase") return { text: PHASES[event.phase] };
  return event.kind === "warning" ? { text: `warning: ${event.text}` } : undefined;
}

/** What a tool complained of, by its own last words. */
class Complaint {
  error: string | undefined;
  hint: string | undefined;

  hear(line: string): void {
    if (line.startsWith("error: ")) this.error = line.slice("error: ".length);
    if (line.startsWith("hint: ")) this.hint = line.slice("hint: ".length);
  }
}

function toolFailed(reason: unknown, artifact: Artifact, heard: Complaint, logFile: string): unknown {
  if (!isTriptychError(reason) || reason.code !== "process-failed" || isProgramMissing(reason)) return reason;
  const details = { ...reason.details, logFile };
  const why = heard.error ?? reason.message;
  return new TriptychError("artifact-failed", `${artifact.id} was not made: ${why}`, {
    cause: reason,
    details,
    ...(heard.hint === undefined ? {} : { hint: heard.hint }),
  });
}

async function runTool(artifact: Artifact, step: ToolStep, options: StepOptions): Promise<void> {
  const { places, python, timeoutMs, signal } = options;
  const log = await openLogFile(`${placeOutput(artifact, places).path}.log`);
  const heard = new Complaint();
  const onLine = (line: string): void => {
    log.write(line);
    heard.hear(line);
    const progress = toolProgress(line);
    if (progress !== undefined) options.onProgress(progress);
  };
  try {
    await runProgram({
      ...toolCommand(artifact, step, places, python),
      env: toolsEnvironment(),
      timeoutMs,
      signal,
      onLine,
    });
  } catch (reason) {
    throw toolFailed(reason, artifact, heard, log.file);
  } finally {
    await log.close();
  }
}

/**
 * Runs the step of an artifact, whatever kind it is of. Its output appears only when it is whole.
 *
 * @returns what is known of an engine; nothing for other artifacts
 * @throws TriptychError `artifact-failed`, `process-timeout`, `cancelled`, or as `buildEngine`
 */
export async function runStep(artifact: Artifact, options: StepOptions): Promise<BuiltEngine | undefined> {
  const { places, trtexec, timeoutMs, signal } = options;
  const { step } = artifact;
  await makeFolder(outputFolder(artifact, places));
  if (step.kind === "text") await writeWhole(placeOutput(artifact, places).path, step.text, REFUSAL);
  if (step.kind === "tool") await runTool(artifact, step, options);
  const build = engineBuild(artifact, places);
  if (build === undefined) return undefined;
  const onEvent = (event: TrtexecEvent): void => {
    const progress = trtexecProgress(event);
    if (progress !== undefined) options.onProgress(progress);
  };
  return buildUnlocked(build, { trtexec, timeoutMs, signal, onEvent });
}
