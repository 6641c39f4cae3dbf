import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { identityOf } from "../files/index.ts";
import { openRunFolder, sweepDeadServers } from "./run-folder.ts";

function cacheFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "triptych-run-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

function serverFolder(cache: string, id: string, owner: object | undefined, ageMs = 0): string {
  const folder = path.join(cache, "servers", id);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "triton.log"), "its log");
  if (owner !== undefined) writeFileSync(path.join(folder, "server.json"), JSON.stringify(owner));
  const time = new Date(Date.now() - ageMs);
  utimesSync(folder, time, time);
  return folder;
}

const DEAD = { ...identityOf(process.pid), startTime: 1 };
const DAYS = 2 * 86_400_000;

it("notes a server, and removes its note with or without its log", async () => {
  const cache = cacheFolder();
  const [clean, failed] = await Promise.all([
    openRunFolder(cache, "embedded"),
    openRunFolder(cache, "embedded"),
  ]);
  expect(clean.id).toMatch(/^triptych-[0-9a-f]{12}$/);
  writeFileSync(failed.logFile, "why it failed");
  await sweepDeadServers(cache);
  expect(readdirSync(clean.folder)).toEqual(["server.json"]);
  await clean.close(false);
  await failed.close(true);
  expect(readdirSync(path.join(cache, "servers"))).toEqual([failed.id]);
  expect(readdirSync(failed.folder)).toEqual(["triton.log"]);
});

it("sweeps what a killed owner left, keeping the log for a day", async () => {
  const cache = cacheFolder();
  const id = "triptych-0123456789ab";
  const folder = serverFolder(cache, id, { owner: DEAD, id, kind: "embedded" });
  const memory = `/dev/shm/triton_python_backend_shm_region_${id}_1`;
  writeFileSync(memory, "");
  await sweepDeadServers(cache);
  expect(existsSync(memory)).toBe(false);
  expect(readdirSync(folder)).toEqual(["triton.log"]);
  utimesSync(folder, new Date(0), new Date(0));
  await sweepDeadServers(cache);
  expect(existsSync(folder)).toBe(false);
});

it("leaves alone what may still run, however old", async () => {
  const cache = cacheFolder();
  const here = serverFolder(cache, "a", { owner: identityOf(process.pid), id: "a", kind: "embedded" }, DAYS);
  const elsewhere = serverFolder(
    cache,
    "b",
    { owner: { ...DEAD, host: "other" }, id: "b", kind: "embedded" },
    DAYS,
  );
  const justMade = serverFolder(cache, "c", undefined);
  await sweepDeadServers(cache);
  for (const folder of [here, elsewhere, justMade]) expect(existsSync(folder)).toBe(true);
});

it("has nothing to do without a cache", async () => {
  await expect(sweepDeadServers("/nowhere/at/all")).resolves.toBeUndefined();
});

it("says why a folder cannot be made", async () => {
  await expect(openRunFolder("/dev/null", "embedded")).rejects.toMatchObject({ code: "cache-unwritable" });
});
