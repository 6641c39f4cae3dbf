import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { findInterpreter } from "./python.ts";

/** A program that stands for an interpreter. */
function program(script: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), "triptych-python-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const file = path.join(folder, "python3");
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

it("tells an interpreter that is too slow from one that is not there", async () => {
  const file = program("sleep 30");
  await expect(findInterpreter(file, undefined, 300)).rejects.toMatchObject({
    code: "environment-failed",
    message: `${file} did not tell what it is: ${file} did not end within 300 ms`,
    hint: expect.stringContaining("overloaded") as string,
  });
});

it("tells an interpreter that talks nonsense from one that is not there", async () => {
  await expect(findInterpreter(program("echo hello"))).rejects.toMatchObject({ code: "environment-failed" });
});

it.each([
  ["a path where nothing is", "/nowhere/python3"],
  ["a launcher without that version", "exit 127"],
])("takes %s for no interpreter", async (_, what) => {
  const file = what.startsWith("/") ? what : program(what);
  await expect(findInterpreter(file)).rejects.toMatchObject({ code: "python-missing" });
});
