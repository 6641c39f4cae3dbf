import type { TriptychError } from "../errors/index.ts";
import { commandLineIn, type EnvironmentChanges } from "./command-line.ts";
import { startFailure } from "./failure.ts";
import { type Group, holdGroup, releaseGroup, signalGroup } from "./groups.ts";
import { LogTail } from "./log-tail.ts";
import { type LineListener, spawnProgram } from "./spawn.ts";

export interface ServiceOptions {
  /** Name on PATH, or a path. */
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string | undefined;
  /** Changes to our own environment. */
  readonly env?: EnvironmentChanges | undefined;
  /**
   * Gives it a standard input that stays open, silent, for as long as we live. A service that reads it learns of our
   * end in every case, SIGKILL included, by its end of file.
   */
  readonly lifeline?: boolean | undefined;
  /** Every line of its log. To keep a whole log, write these to a file. */
  readonly onLine?: LineListener | undefined;
  /** Synchronous tidying after the service was killed because we ended. */
  readonly onKilledAtExit?: (() => void) | undefined;
}

/** How a service ended. */
export interface ServiceExit {
  /** Its exit code; null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program that is kept running until it is stopped. */
export interface Service {
  readonly pid: number;
  /** Settles once it has ended and nobody of its process group is left; never rejects. */
  readonly exited: Promise<ServiceExit>;
  /** The last lines of its log, oldest first (at most 1000 are kept). */
  logTail(lines?: number): string;
  /**
   * Ends it and its children: TERM, then KILL after `graceMs` milliseconds (default 10000). Safe to call often; a
   * later call with a shorter grace shortens the wait.
   */
  stop(graceMs?: number): Promise<ServiceExit>;
}

const KEPT_LINES = 1_000;
const KEPT_CHARACTERS = 1_048_576;

interface Started {
  readonly pid: number;
  readonly exited: Promise<ServiceExit>;
  readonly log: LogTail;
  /** True once its process id may belong to somebody else. */
  readonly isGone: () => boolean;
}

function asService({ pid, exited, log, isGone }: Started): Service {
  let asked = false;
  const send = (signal: NodeJS.Signals): void => {
    if (!isGone()) signalGroup(pid, signal);
  };
  const stop = async (graceMs = 10_000): Promise<ServiceExit> => {
    // Once only: many servers take a second TERM for impatience and drop what they are doing.
    if (!asked) send("SIGTERM");
    asked = true;
    const kill = setTimeout(send, graceMs, "SIGKILL");
    const exit = await exited;
    clearTimeout(kill);
    return exit;
  };
  return { pid, exited, stop, logTail: (lines) => log.text(lines) };
}

function startError(options: ServiceOptions, cause: Error | undefined): TriptychError {
  const reproduce = commandLineIn(options.cwd, options.file, options.args, options.env);
  return startFailure(
    { file: options.file, details: { reproduce } },
    cause ?? new TypeError("no process id"),
  );
}

/**
 * Starts a program and keeps it. It does not outlive us: not our return, not an exception, not SIGINT, SIGTERM or
 * SIGHUP; for SIGKILL see `lifeline`.
 *
 * @throws TriptychError `process-failed` where it could not be started.
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const log = new LogTail(KEPT_LINES, KEPT_CHARACTERS);
  let gone = false;
  const child = spawnProgram({
    ...options,
    onLine: (line, stream) => {
      log.push(line);
      options.onLine?.(line, stream);
    },
    onExit: () => {
      gone = true;
      // Children that the leader left behind hold memory, ports and shared memory.
      if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
    },
  });
  const { pid } = child;
  if (pid === undefined) throw startError(options, (await child.ended).startError);
  const group: Group = { pid, onKilledAtExit: options.onKilledAtExit };
  holdGroup(group);
  const exited = child.ended.then(({ code, signal }) => {
    releaseGroup(group);
    return { code, signal };
  });
  return asService({ pid, exited, log, isGone: () => gone });
}
