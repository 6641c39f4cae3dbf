import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { identityOf, lifeOf } from "./process-identity.ts";

it("knows a process again, and only that one", () => {
  const self = identityOf(process.pid);
  expect(lifeOf(self)).toBe("alive");
  expect(lifeOf({ ...self, startTime: (self.startTime ?? 0) + 1 })).toBe("dead");
  expect(lifeOf({ ...self, host: "another" })).toBe("unknown");
  expect(lifeOf({ ...self, startTime: null })).toBe("alive");
});

it("knows that a process has ended", () => {
  const pid = Number(execFileSync("sh", ["-c", "echo $$"], { encoding: "utf8" }));
  expect(lifeOf(identityOf(pid))).toBe("dead");
});
