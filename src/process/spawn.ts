import type { Writable } from "node:stream";
import { execa } from "execa";
import type { EnvironmentChanges } from "./command-line.ts";
import { LineSplitter } from "./log-tail.ts";

/** Which of its two streams a program wrote a line to. */
export type OutputStream = "stdout" | "stderr";

/** Called for every line of output as it comes, without its line end. */
export type LineListener = (line: string, stream: OutputStream) => void;

export interface SpawnOptions {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string | undefined;
  readonly env?: EnvironmentChanges | undefined;
  /** Written to its standard input. */
  readonly input?: string | Uint8Array | undefined;
  /** Its standard input is a pipe that we hold and never write to. */
  readonly lifeline?: boolean | undefined;
  readonly onLine: LineListener;
  /** Called when it has ended, before the last of its output is read. */
  readonly onExit?: (() => void) | undefined;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it could not be started at all. */
  readonly startError?: Error | undefined;
}

export interface Spawned {
  /** Undefined where the program could not be started. */
  readonly pid: number | undefined;
  /** Settles when the program has ended and its output is read; never rejects. */
  readonly ended: Promise<Ended>;
}

/** How long we read on after a program ended, ms: a stray grandchild may hold its pipes open for ever. */
const DRAIN_MS = 1_000;

function inputOption(options: SpawnOptions): { stdin: "ignore" | "pipe" } | { input: string | Uint8Array } {
  if (options.input !== undefined) return { input: options.input };
  return { stdin: options.lifeline === true ? "pipe" : "ignore" };
}

function launch(options: SpawnOptions) {
  return execa(options.file, options.args, {
    reject: false,
    buffer: false,
    // Its own process group, so that one signal reaches it and all its children.
    detached: true,
    cleanup: false,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...options.env },
    ...inputOption(options),
  });
}

/** Feeds both output streams to the listener; the result lets go of them when they do not end by themselves. */
function readLines(
  child: ReturnType<typeof launch>,
  onLine: LineListener,
): { end: () => void; abandon: () => void } {
  const streams = [child.stdout, child.stderr];
  const splitters = (["stdout", "stderr"] as const).map((name) => {
    const splitter = new LineSplitter((line) => {
      onLine(line, name);
    });
    child[name].on("data", (chunk: Uint8Array) => {
      splitter.push(chunk);
    });
    return splitter;
  });
  return {
    end: () => {
      for (const splitter of splitters) splitter.end();
    },
    abandon: () => {
      for (const stream of streams) stream.destroy();
    },
  };
}

/** Starts a program as the leader of its own process group. */
export function spawnProgram(options: SpawnOptions): Spawned {
  const child = launch(options);
  const output = readLines(child, options.onLine);
  let exit: Ended = { code: null, signal: null };
  let drain: NodeJS.Timeout | undefined;
  child.once("exit", (code, signal) => {
    exit = { code, signal };
    options.onExit?.();
    // Without an input option there is no stream here, whatever the declared type says.
    const input = child.stdin as Writable | null;
    input?.destroy();
    drain = setTimeout(output.abandon, DRAIN_MS);
  });
  const ended = child.then((result) => {
    clearTimeout(drain);
    output.end();
    return child.pid === undefined && result instanceof Error ? { ...exit, startError: result } : exit;
  });
  return { pid: child.pid, ended };
}
