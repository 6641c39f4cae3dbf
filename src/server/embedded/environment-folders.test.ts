import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { removeEnvironmentFolders } from "./environment-folders.ts";

const LINUX = process.platform === "linux" && existsSync("/bin/sleep");

it.runIf(LINUX)("leaves all folders alone while any server runs: one may be its own", async () => {
  const programs = mkdtempSync(path.join(tmpdir(), "triptych-environment-"));
  const other = mkdtempSync("/tmp/python_env_");
  const server = path.join(programs, "tritonserver");
  copyFileSync("/bin/sleep", server);
  const running = spawn(server, ["60"], { stdio: "ignore" });
  onTestFinished(() => {
    running.kill("SIGKILL");
    for (const folder of [programs, other]) rmSync(folder, { recursive: true, force: true });
  });
  await once(running, "spawn");
  await expect.poll(() => readFileSync(`/proc/${running.pid ?? 0}/comm`, "utf8").trim()).toBe("tritonserver");
  removeEnvironmentFolders(0);
  expect(existsSync(other)).toBe(true);
});
