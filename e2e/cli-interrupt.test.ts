import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { type CliRun, documentOf, leftovers, startCli, type Workspace, workspace } from "./fixtures/cli.ts";
import { fixture, tracesOf } from "./fixtures/machine.ts";

/** "Gone within seconds": Triton needs three to five to unload its models. */
const GONE = { timeout: 20_000, interval: 50 };

function start(
  place: Workspace,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): CliRun {
  const run = startCli(args, { cwd: place.folder, env: { ...place.env, ...env } });
  onTestFinished(() => {
    run.child.kill("SIGKILL");
  });
  return run;
}

/** Everything of a workspace that is on the machine: processes by its folders, and shared memory by its servers. */
function tracesIn(place: Workspace): string[] {
  const servers = path.join(place.cache, "servers");
  const ids = existsSync(servers) ? readdirSync(servers) : [];
  return [place.folder, place.cache, ...ids].flatMap(tracesOf);
}

/** What Triton's python backend makes in /tmp, whatever TMPDIR says. */
function environmentFolders(): string[] {
  return readdirSync("/tmp").filter((name) => name.startsWith("python_env_"));
}

async function waitForTriton(place: Workspace): Promise<string> {
  const isTriton = (): string | undefined =>
    tracesOf(place.folder).find((command) => command.includes("/tritonserver --id="));
  await expect.poll(isTriton, GONE).toBeDefined();
  return /triptych-[0-9a-f]{12}/.exec(isTriton() ?? "")?.[0] ?? "nothing";
}

/** That a run was interrupted as it should, with nothing left but the folders named. */
async function expectClean(run: CliRun, place: Workspace, id?: string): Promise<void> {
  const end = await run.ended;
  expect([end.code, end.signal, end.stdout]).toEqual([130, null, ""]);
  expect(end.stderr).toMatch(/interrupted\n$/);
  // At once, not in a while: who gets the prompt back may start the next server.
  expect(tracesIn(place)).toEqual([]);
  if (id !== undefined) expect(tracesOf(id)).toEqual([]);
  expect(leftovers(place.folder)).toEqual([]);
  expect(leftovers(place.cache)).toEqual([]);
  expect(readdirSync(place.temporary)).toEqual([]);
  const servers = path.join(place.cache, "servers");
  expect(existsSync(servers) ? readdirSync(servers) : []).toEqual([]);
}

/** A folder for PATH whose `python3` answers at once, makes environments of nothing, and takes its time about it. */
function slowPython(place: Workspace): Readonly<Record<string, string>> {
  const bin = path.join(place.cache, "..", "bin");
  mkdirSync(bin);
  const real = process.env["PATH"] ?? "";
  const script = `#!/bin/sh\nPATH='${real}' exec '${fixture("fake-python", "quick")}' "$@"\n`;
  writeFileSync(path.join(bin, "python3"), script);
  chmodSync(path.join(bin, "python3"), 0o755);
  const log = path.join(place.cache, "..", "steps");
  return { PATH: `${bin}:${real}`, FAKE_LOG: log, FAKE_PIP: "", FAKE_SECONDS: "60" };
}

describe("Ctrl-C in the demo", () => {
  it("while Python makes the environment", async () => {
    const place = await workspace({ emptyCache: true });
    const run = start(place, ["demo"]);
    await run.saw("Making a virtual environment");
    await expect.poll(() => tracesOf(place.cache).length, GONE).toBeGreaterThan(0);
    run.child.kill("SIGINT");
    await expectClean(run, place);
    expect(readdirSync(path.join(place.cache, "embedded"))).toEqual([]);
  });

  it("while pip fetches the server", async () => {
    const place = await workspace({ emptyCache: true });
    const env = slowPython(place);
    const run = start(place, ["demo"], env);
    const steps = (): string =>
      existsSync(env["FAKE_LOG"] ?? "") ? readFileSync(env["FAKE_LOG"] ?? "", "utf8") : "";
    await expect.poll(steps, GONE).toBe("venv\npip\n");
    expect(tracesOf(place.cache).length).toBeGreaterThan(0);
    run.child.kill("SIGINT");
    await expectClean(run, place);
    expect(readdirSync(path.join(place.cache, "embedded"))).toEqual([]);
  });

  it.each([0, 700, 1500])("while Triton starts, %d ms after its process", async (ms) => {
    const place = await workspace();
    const before = environmentFolders();
    const run = start(place, ["demo"]);
    const id = await waitForTriton(place);
    await sleep(ms);
    run.child.kill("SIGINT");
    await expectClean(run, place, id);
    expect(environmentFolders()).toEqual(before);
    expect(existsSync(path.join(place.folder, "out"))).toBe(false);
  });

  it("while it makes clips: those that are there are whole", async () => {
    const place = await workspace();
    const run = start(place, ["demo"]);
    const id = await waitForTriton(place);
    await run.saw("final-zh.mp4");
    run.child.kill("SIGINT");
    await expectClean(run, place, id);
    const out = path.join(place.folder, "out/demo");
    const clips = readdirSync(out);
    expect(clips).toEqual(expect.arrayContaining(["final-en.mp4", "final-zh.mp4"]));
    expect(clips.length).toBeLessThan(7);
    for (const clip of clips) {
      const probe = ["-c", "import av, sys; print(sum(1 for _ in av.open(sys.argv[1]).decode(video=0)))"];
      const python = path.join(
        place.cache,
        "embedded",
        readdirSync(path.join(place.cache, "embedded"))[0] ?? "",
        "bin/python",
      );
      expect(execFileSync(python, [...probe, path.join(out, clip)], { encoding: "utf8" }).trim()).toBe("17");
    }
  });

  it("twice does not wait, and still leaves no process", async () => {
    const place = await workspace();
    const run = start(place, ["demo"]);
    await waitForTriton(place);
    await run.saw("is ready");
    run.child.kill("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 100));
    const asked = performance.now();
    run.child.kill("SIGINT");
    expect((await run.ended).code).toBe(130);
    expect(performance.now() - asked).toBeLessThan(2_000);
    await expect.poll(() => tracesIn(place), GONE).toEqual([]);
  });
});

describe("other ways to be ended", () => {
  it("TERM is as good as Ctrl-C", async () => {
    const place = await workspace();
    const run = start(place, ["demo"]);
    const id = await waitForTriton(place);
    run.child.kill("SIGTERM");
    await expectClean(run, place, id);
  });

  it("with --json the interruption is a document", async () => {
    const place = await workspace({ emptyCache: true });
    const run = start(place, ["demo", "--json"], slowPython(place));
    await run.saw("Making a virtual environment");
    run.child.kill("SIGINT");
    const { code, stdout } = await run.ended;
    expect(code).toBe(130);
    expect(JSON.parse(stdout)).toEqual({ error: { code: "cancelled", message: "interrupted" } });
  });
});

describe("the demo, when it is let be", () => {
  it("makes six clips and a sheet, says how fast, and leaves no process", async () => {
    const place = await workspace();
    const run = start(place, ["demo"]);
    const id = await waitForTriton(place);
    const { code, stdout, stderr } = await run.ended;
    expect(code).toBe(0);
    expect(stderr).toMatch(/^Triton is ready on 127\.0\.0\.1:\d+ after \d+\.\d s\. Making clips …$/m);
    expect(stderr).toMatch(/^Stopping Triton …$/m);
    expect(stdout).toMatch(/^stage +final-en +final-zh +final-ja +draft-en +draft-zh +draft-ja$/m);
    expect(stdout).toMatch(
      /^draft is \d+\.\dx as fast as final in denoising, \d+\.\dx in all \(medians of 3 clips\)$/m,
    );
    expect(stdout).toMatch(
      /^ {2}node \S*dist\/cli\/main\.js generate "a blue square moves up" --variant draft$/m,
    );
    const out = readdirSync(path.join(place.folder, "out/demo")).sort();
    expect(out).toEqual([
      "contact-sheet.png",
      ...["draft", "final"].flatMap((v) => ["en", "ja", "zh"].map((l) => `${v}-${l}.mp4`)),
    ]);
    expect(tracesOf(id).concat(tracesIn(place))).toEqual([]);
  });

  it("gives one document with --json, and everything else on stderr", async () => {
    const place = await workspace();
    const end = await start(place, ["demo", "--json", "--out", "there"]).ended;
    expect(end.code).toBe(0);
    const { clips, sheet } = documentOf(end) as {
      clips: { path: string; stages: unknown[] }[];
      sheet: string;
    };
    expect(clips.map(({ stages }) => stages.length)).toEqual([6, 6, 6, 6, 6, 6]);
    for (const file of [sheet, ...clips.map((clip) => clip.path)]) {
      expect(file).toMatch(/^there\//);
      expect(existsSync(path.join(place.folder, file))).toBe(true);
    }
    expect(end.stderr).toContain("Stopping Triton …");
  });
});
