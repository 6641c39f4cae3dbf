import { type ErrorDetails, TriptychError } from "../errors/index.ts";
import { commandLineIn, type EnvironmentChanges } from "./command-line.ts";
import { describeEnd, runFailure, startFailure } from "./failure.ts";
import { type Group, holdGroup, releaseGroup, signalGroup } from "./groups.ts";
import { LogTail } from "./log-tail.ts";
import { type Ended, type LineListener, type Spawned, spawnProgram } from "./spawn.ts";

export interface ProgramOptions {
  /** Name on PATH, or a path. */
  readonly file: string;
  readonly args?: readonly string[] | undefined;
  readonly cwd?: string | undefined;
  /** Changes to our own environment. */
  readonly env?: EnvironmentChanges | undefined;
  /** Milliseconds until the program is ended; without it there is no limit. */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds between TERM and KILL when it is ended early (default 5000). */
  readonly graceMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Written to its standard input. */
  readonly input?: string | Uint8Array | undefined;
  readonly onLine?: LineListener | undefined;
}

export interface ProgramResult {
  /** The end of what it wrote to standard output: all of it up to 1 Mi characters. */
  readonly stdout: string;
  /** The end of what it wrote to standard error: all of it up to 1 Mi characters. */
  readonly stderr: string;
  readonly durationMs: number;
}

const KEPT_LINES = 100_000;
const KEPT_CHARACTERS = 1_048_576;
/** Lines and characters of log that go into an error. */
const ERROR_LINES = 40;
const ERROR_CHARACTERS = 16_384;

/** Node ends a longer timer at once; 24 days are as good as no limit. */
const LONGEST_TIMER = 2 ** 31 - 1;

type Cut = "process-timeout" | "cancelled";

/** Calls `cut` once when time is up or the caller gives up; the returned function takes that back. */
function watchLimits(options: ProgramOptions, cut: (why: Cut) => void): () => void {
  const onAbort = (): void => {
    cut("cancelled");
  };
  options.signal?.addEventListener("abort", onAbort, { once: true });
  const onTime = (): void => {
    cut("process-timeout");
  };
  const timer =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(onTime, Math.min(options.timeoutMs, LONGEST_TIMER));
  return () => {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", onAbort);
  };
}

/** Waits for the end of the program, ending its whole group early where it must. */
async function waitWithin(options: ProgramOptions, child: Spawned): Promise<{ ended: Ended; cut?: Cut }> {
  const { pid } = child;
  if (pid === undefined) return { ended: await child.ended };
  const group: Group = { pid };
  holdGroup(group);
  let cut: Cut | undefined;
  let kill: NodeJS.Timeout | undefined;
  const unwatch = watchLimits(options, (why) => {
    if (cut !== undefined) return;
    cut = why;
    signalGroup(pid, "SIGTERM");
    kill = setTimeout(() => signalGroup(pid, "SIGKILL"), options.graceMs ?? 5_000);
  });
  const ended = await child.ended;
  unwatch();
  clearTimeout(kill);
  // The leader is gone; what it left behind of a run that was cut short must go too.
  if (cut !== undefined) signalGroup(pid, "SIGKILL");
  releaseGroup(group);
  return cut === undefined ? { ended } : { ended, cut };
}

function failureOf(
  options: ProgramOptions,
  details: ErrorDetails,
  ended: Ended,
  cut: Cut | undefined,
): TriptychError | undefined {
  const failure = { file: options.file, details };
  if (ended.startError !== undefined) return startFailure(failure, ended.startError);
  if (cut === "cancelled") return runFailure(failure, cut, "was cancelled", options.signal?.reason);
  if (cut !== undefined)
    return runFailure(failure, cut, `did not end within ${String(options.timeoutMs)} ms`);
  if (ended.code === 0) return undefined;
  return runFailure(failure, "process-failed", `failed with ${describeEnd(ended)}`);
}

/**
 * Runs a program to its end. Its whole process group is ended with it when it is cancelled, when time is up,
 * or when we end ourselves.
 *
 * @returns What it wrote, and how long it took in milliseconds.
 * @throws TriptychError `process-failed` (could not be started, or an exit code other than 0), `process-timeout`
 * or `cancelled`; details carry the end of its output and a line to repeat it by hand.
 */
export async function runProgram(options: ProgramOptions): Promise<ProgramResult> {
  const reproduce = commandLineIn(options.cwd, options.file, options.args ?? [], options.env);
  if (options.signal?.aborted === true) {
    const cause: unknown = options.signal.reason;
    throw new TriptychError("cancelled", `${options.file} was not started: cancelled`, {
      cause,
      details: { reproduce },
    });
  }
  const tails = {
    stdout: new LogTail(KEPT_LINES, KEPT_CHARACTERS),
    stderr: new LogTail(KEPT_LINES, KEPT_CHARACTERS),
  };
  const both = new LogTail(ERROR_LINES, ERROR_CHARACTERS);
  const started = performance.now();
  const child = spawnProgram({
    ...options,
    args: options.args ?? [],
    onLine: (line, stream) => {
      tails[stream].push(line);
      both.push(line);
      options.onLine?.(line, stream);
    },
  });
  const { ended, cut } = await waitWithin(options, child);
  const failure = failureOf(options, { logTail: both.text(), reproduce }, ended, cut);
  if (failure !== undefined) throw failure;
  return {
    stdout: tails.stdout.text(),
    stderr: tails.stderr.text(),
    durationMs: performance.now() - started,
  };
}
