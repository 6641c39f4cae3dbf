import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { isTriptychError, type TriptychError } from "../errors/index.ts";
import { isProgramMissing, type ProgramOptions, runProgram } from "./index.ts";

const shell = (
  script: string,
  options: Omit<ProgramOptions, "file" | "args"> = {},
): ReturnType<typeof runProgram> => runProgram({ file: "sh", args: ["-c", script], ...options });

async function failure(run: Promise<unknown>): Promise<TriptychError> {
  const reason: unknown = await run.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (isTriptychError(reason)) return reason;
  throw new TypeError(`expected a TriptychError, got ${String(reason)}`);
}

function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // A zombie that nobody has reaped yet is as good as gone.
    return !stat.slice(stat.lastIndexOf(")")).startsWith(") Z");
  } catch {
    return false;
  }
}

describe("runProgram", () => {
  it("gives both streams, its lines and its time", async () => {
    const lines: string[] = [];
    const result = await shell("echo one; echo two >&2; printf three", {
      onLine: (line, stream) => lines.push(`${stream}:${line}`),
    });
    expect(result.stdout).toBe("one\nthree");
    expect(result.stderr).toBe("two");
    expect(result.durationMs).toBeGreaterThan(0);
    expect(lines.toSorted()).toEqual(["stderr:two", "stdout:one", "stdout:three"]);
  });

  it("passes input, folder and environment", async () => {
    const result = await shell('cat; echo; pwd; echo "$A-${HOME-none}"', {
      input: "hello",
      cwd: "/",
      env: { A: "1", HOME: undefined },
    });
    expect(result.stdout).toBe("hello\n/\n1-none");
  });

  it("does not wait for input that is not there", async () => {
    await expect(runProgram({ file: "cat" })).resolves.toMatchObject({ stdout: "" });
  });

  it("reports an exit code with the end of the log and a line to repeat it", async () => {
    const error = await failure(shell("echo going; echo 'no such engine' >&2; exit 3"));
    expect(error.code).toBe("process-failed");
    expect(error.message).toBe("sh failed with exit code 3; it last said: no such engine");
    expect(error.details.logTail).toContain("going");
    expect(error.details.reproduce).toBe(
      String.raw`sh -c 'echo going; echo '\''no such engine'\'' >&2; exit 3'`,
    );
  });

  it("reports the signal that ended a program", async () => {
    const error = await failure(shell("kill -SEGV $$"));
    expect(error.message).toContain("signal SIGSEGV");
  });

  it("tells a program that is not there", async () => {
    const error = await failure(runProgram({ file: "no-such-program-here", args: ["x"] }));
    expect(error.code).toBe("process-failed");
    expect(error.message).toBe("no-such-program-here could not be started: not found");
    expect(isProgramMissing(error)).toBe(true);
    expect(isProgramMissing(await failure(shell("exit 1")))).toBe(false);
  });

  it("keeps a bounded part of an endless log", async () => {
    const result = await shell("yes 0123456789012345678901234567890123456789 | head -n 60000; echo last");
    expect(result.stdout.length).toBeLessThanOrEqual(1_048_576);
    expect(result.stdout.endsWith("\nlast")).toBe(true);
  });

  it("ends a program that takes too long, with its children", async () => {
    const pids: number[] = [];
    const error = await failure(
      shell("sleep 60 & echo $!; wait", { timeoutMs: 200, onLine: (line) => pids.push(Number(line)) }),
    );
    expect(error.code).toBe("process-timeout");
    expect(error.message).toContain("did not end within 200 ms");
    expect(pids).toHaveLength(1);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it("kills one that ignores TERM", async () => {
    const started = performance.now();
    const error = await failure(
      shell("trap '' TERM; while :; do sleep 0.05; done", { timeoutMs: 100, graceMs: 200 }),
    );
    expect(error.code).toBe("process-timeout");
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it("is cancelled by a signal, before or during the run", async () => {
    const before = await failure(shell("echo never", { signal: AbortSignal.abort() }));
    expect(before.code).toBe("cancelled");
    const controller = new AbortController();
    const run = failure(shell("sleep 60", { signal: controller.signal }));
    await sleep(50);
    controller.abort(new TypeError("enough"));
    const during = await run;
    expect(during.code).toBe("cancelled");
    expect(during.cause).toBeInstanceOf(TypeError);
  });

  it("does not hang on a stray child that holds its output", async () => {
    const started = performance.now();
    const pids: number[] = [];
    await shell("setsid sleep 60 & echo $!", { onLine: (line) => pids.push(Number(line)) });
    expect(performance.now() - started).toBeLessThan(5_000);
    for (const pid of pids) process.kill(pid);
  });

  it("leaves no listener behind", async () => {
    const before = process.listenerCount("SIGINT") + process.listenerCount("exit");
    await Promise.all([shell("sleep 0.1"), shell("true")]);
    expect(process.listenerCount("SIGINT") + process.listenerCount("exit")).toBe(before);
  });
});
