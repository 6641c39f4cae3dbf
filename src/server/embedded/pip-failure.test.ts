import { expect, it } from "vitest";
import { TriptychError } from "../../errors/index.ts";
import { pipFailure } from "./pip-failure.ts";

function failed(logTail: string): TriptychError {
  return new TriptychError("process-failed", "python failed with exit code 1", { details: { logTail } });
}

it.each([
  [
    "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
    "disk-full",
    /space/,
  ],
  ["OSError: [Errno 122] Disk quota exceeded", "disk-full", /space/],
  [
    "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
    "environment-failed",
    /pinned/,
  ],
  ["WARNING: Retrying after connection broken by 'NewConnectionError'", "environment-failed", /network/],
  ["ERROR: No matching distribution found for av==17.1.0", "environment-failed", /pip config list/],
  ["something else", "environment-failed", /log/],
])("%s is %s", (log, code, hint) => {
  const error = pipFailure(failed(`Collecting x\n${log}`), "/cache");
  expect(error.code).toBe(code);
  expect(error.hint).toMatch(hint);
});

it("repeats pip's own error and leaves a cancelled run alone", () => {
  expect(pipFailure(failed("ERROR: one\nERROR: two\nnotice"), "/c").message).toContain(
    "could not be installed: two",
  );
  const cancelled = new TriptychError("cancelled", "enough");
  expect(pipFailure(cancelled, "/c")).toBe(cancelled);
});
