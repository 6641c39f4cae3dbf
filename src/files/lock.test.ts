import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { type LockOptions, withLock } from "./lock.ts";
import { identityOf } from "./process-identity.ts";

function lockFile(content?: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), "triptych-lock-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const file = path.join(folder, "x.lock");
  if (content !== undefined) writeFileSync(file, content);
  return file;
}

/** Takes the lock within some milliseconds, or does not. */
function tryLock(file: string, options: LockOptions = {}): Promise<string> {
  const lock = withLock(file, { pollMs: 10, signal: AbortSignal.timeout(400), ...options }, () =>
    Promise.resolve("had it"),
  );
  return lock.catch((error: unknown) => (error as { code: string }).code);
}

it("lets one in at a time and is given back after an error", async () => {
  const file = lockFile();
  let inside = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    inside += 1;
    most = Math.max(most, inside);
    await sleep(20);
    inside -= 1;
    throw new TypeError("work failed");
  };
  const all = await Promise.allSettled([1, 2, 3, 4].map(() => withLock(file, { pollMs: 10 }, work)));
  expect(all.map(({ status }) => status)).toEqual(Array(4).fill("rejected"));
  expect(most).toBe(1);
  expect(existsSync(file)).toBe(false);
});

it("says once that it waits, and can be cancelled", async () => {
  let waits = 0;
  const onWait = (): void => {
    waits += 1;
  };
  const file = lockFile(JSON.stringify(identityOf(process.pid)));
  await expect(tryLock(file, { onWait })).resolves.toBe("cancelled");
  expect(waits).toBe(1);
});

it.each([
  ["of a process that is gone", { ...identityOf(process.pid), pid: 2 ** 30 }],
  ["of a process whose id was given to another", { ...identityOf(process.pid), startTime: 1 }],
])("takes over a lock %s", async (_, owner) => {
  await expect(tryLock(lockFile(JSON.stringify(owner)))).resolves.toBe("had it");
});

it.each([
  ["of another machine", JSON.stringify({ ...identityOf(process.pid), host: "elsewhere" })],
  ["that was written in part", '{"pid": 1'],
])("takes over a lock %s only when it shows no life", async (_, content) => {
  const file = lockFile(content);
  await expect(tryLock(file)).resolves.toBe("cancelled");
  utimesSync(file, new Date(0), new Date(0));
  await expect(tryLock(file)).resolves.toBe("had it");
});

it("keeps its own lock fresh", async () => {
  const file = lockFile();
  const options = { staleMs: 300, pollMs: 10 };
  const first = withLock(file, options, () => sleep(900, "first"));
  await sleep(100);
  // Another machine would judge by age alone.
  const second = await withLock(file, { ...options, signal: AbortSignal.timeout(500) }, () =>
    sleep(0, "second"),
  ).catch(() => "kept out");
  expect(second).toBe("kept out");
  await expect(first).resolves.toBe("first");
});
