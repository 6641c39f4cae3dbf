import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Ajv } from "ajv";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type GateReport, VERDICT_SCHEMA } from "../src/gate/index.ts";
import { startTriton, type TritonServer } from "../src/server/index.ts";
import { cli, documentOf, edit, startCli } from "./fixtures/cli.ts";
import { startRelay } from "./fixtures/faulty-relay.ts";
import { planOf, ROOT, startTiny, temporaryFolder, writeModels } from "./support.ts";

/** Seconds that the candidate's text encoder waits: a hundred times what it takes, so that no busy machine hides it. */
const DELAY = 0.4;

let base: TritonServer;
let slow: TritonServer;
/** Folder of the repository that the base serves. */
let repository: string;
const folder = temporaryFolder("gate");

/** The runtime of a repository, with a delay in each call of one model. */
function delayed(models: string, model: string): void {
  const file = path.join(models, model, "1/model.py");
  edit(
    file,
    (text) => `import time\n${text}\n
_execute = TritonPythonModel.execute


def _late(self, requests):
    time.sleep(${DELAY})
    return _execute(self, requests)


TritonPythonModel.execute = _late
`,
  );
}

beforeAll(async () => {
  const plan = planOf("wan-tiny");
  const copy = temporaryFolder("delayed");
  const models = await writeModels(plan, copy);
  delayed(models, "text_encoder");
  repository = temporaryFolder("base");
  await writeModels(plan, repository);
  [base, slow] = await Promise.all([
    startTiny(plan),
    startTriton({ kind: "embedded", modelRepository: models }),
  ]);
});

afterAll(async () => {
  await Promise.all([base.stop(), slow.stop()]);
});

/** A gate beside a copy of the specs. */
function gateFile(checks: string, more = ""): string {
  const file = path.join(folder, "gate.yaml");
  cpSync(path.join(ROOT, "configs/wan-tiny.yaml"), path.join(folder, "wan-tiny.yaml"));
  const host = "host: { steal: 1, others: 1, timers: 3 }\n";
  writeFileSync(
    file,
    `version: 1\nname: e2e\nspec: wan-tiny.yaml\naccepted: accepted.json\nprompts: [a red circle moves right]\nclips: 1\nwarmUp: 1\nsamples: 1\n${more}${host}checks:\n${checks}`,
  );
  return file;
}

const SPEED = "  relative:\n    speed: { variant: draft, metric: text_encoder, tolerance: 0.1 }\n";

const words = (file: string, candidate: TritonServer, ...more: readonly string[]): string[] => [
  ...["gate", file, "--base", base.grpcEndpoint, "--candidate", candidate.grpcEndpoint],
  ...["--out", path.join(folder, "out"), "--json", ...more],
];

describe("a gate on the real Triton", () => {
  it("fails a candidate with a slower stage, and names that stage first", async () => {
    const exact =
      "  exact:\n    frames: { variant: draft, metric: frames }\n    calls: { variant: draft, metric: calls }\n";
    const quality =
      "  quality:\n    close: { variant: draft, metric: psnr, least: 60 }\n    sound: { variant: draft, metric: finite }\n";
    const file = gateFile(exact + quality + SPEED, "blocks: 7\nmost: 7\n");
    const end = await cli(words(file, slow), {
      env: { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: path.join(folder, "step.md") },
    });
    expect(end.code, end.stderr).toBe(1);
    const report = documentOf(end) as unknown as GateReport;
    expect(Object.fromEntries(report.checks.map(({ name, verdict }) => [name, verdict]))).toEqual({
      ...{
        requests: "passed",
        frames: "passed",
        calls: "passed",
        close: "passed",
        sound: "passed",
        speed: "failed",
      },
    });
    const ajv = new Ajv({ allErrors: true });
    ajv.validate(JSON.parse(JSON.stringify(VERDICT_SCHEMA)) as object, report);
    expect(ajv.errors).toBeNull();
    expect(report.parts[0]?.part).toBe("text_encoder");
    expect(report.parts[0]?.low).toBeGreaterThan(0);
    expect(report.parts[0]?.sentence).toContain("the model itself computes longer");
    expect(end.stderr).toMatch(/^::error title=e2e%3A speed::failed: .*text_encoder of draft/m);
    expect(readFileSync(path.join(folder, "step.md"), "utf8")).toContain("# Gate e2e: failed");

    const explained = await cli(["gate", "explain", "--out", path.join(folder, "out")]);
    expect(explained.code).toBe(0);
    expect(explained.stdout).toMatch(/\n1\. text_encoder of draft takes .* longer for a clip/);

    // What listens at an address may change: a ratio is accepted for a build.
    const out = ["--out", path.join(folder, "out")];
    const accept = ["gate", "accept", file, "--check", "speed", "--author", "me", ...out, "--reason"];
    const refused = await cli([...accept, "a trade"]);
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining("what listens there may change"),
    ]);
    expect((await cli([...accept, "  "])).code).toBe(2);
    const built = ["gate", file, "--base", repository, "--candidate", slow.grpcEndpoint, ...out, "--json"];
    expect((await cli(built)).code).toBe(1);
    expect((await cli([...accept, "a trade"])).code).toBe(0);
    // Accepted for this base, the same slowdown fails no more; a ratio of hundreds is too rough to pass by on every machine.
    const again = documentOf(await cli(built)) as unknown as GateReport;
    const speed = again.checks.find(({ name }) => name === "speed");
    expect(speed?.accepted).toBe("a trade");
    expect(["passed", "inconclusive"]).toContain(speed?.verdict);
    const accepted = JSON.parse(readFileSync(path.join(folder, "accepted.json"), "utf8")) as Record<
      string,
      unknown
    >;
    expect(accepted).toMatchObject({ checks: { speed: { reason: "a trade", author: "me" } } });
    // Of another configuration, accepted values are refused.
    const other = await cli(words(gateFile(SPEED, "seed: 5\n"), slow));
    expect([other.code, other.stdout]).toEqual([2, expect.stringContaining("accepted-invalid")]);
  });

  it("ends with 4 where there is too little data, and with what a job makes of it", async () => {
    const file = gateFile(
      "  slo:\n    tail: { variant: draft, metric: response, percentile: 99, most: 60000 }\n",
      "blocks: 1\nseed: 2\n",
    );
    writeFileSync(path.join(folder, "accepted.json"), "", { flag: "w" });
    const gate = readFileSync(file, "utf8").replace("accepted: accepted.json\n", "");
    writeFileSync(file, gate);
    const end = await cli(words(file, base));
    expect(end.code, end.stderr).toBe(4);
    expect(documentOf(end)).toMatchObject({ verdict: "inconclusive" });
    const warned = await cli(words(file, base, "--inconclusive", "warn"));
    expect([warned.code, warned.stderr]).toEqual([0, expect.stringContaining("no verdict")]);
  });

  it("ends with 2 for a check that is misnamed, before anything is measured", async () => {
    const file = gateFile("  relative:\n    speed: { variant: drafd, metric: response, tolerance: 0.1 }\n");
    const end = await cli(words(file, base));
    expect(end.code).toBe(2);
    expect(end.stdout).toContain(String.raw`did you mean \"draft\"?`);
    expect((await cli(["gate", gateFile(SPEED)])).code).toBe(2);
  });

  it("ends with 2 where there is nothing to compare with, or to measure by", async () => {
    const close = "  quality:\n    close: { variant: draft, metric: psnr, least: 40 }\n";
    rmSync(path.join(folder, "accepted.json"), { force: true });
    const alone = await cli(["gate", gateFile(close), "--inconclusive", "warn"]);
    expect([alone.code, alone.stderr]).toEqual([2, expect.stringContaining("quality.close")]);
    // A variable of a CI job that is not set.
    const unset = await cli(["gate", gateFile(SPEED), "--base", "", "--candidate", base.grpcEndpoint]);
    expect([unset.code, unset.stderr]).toEqual([2, expect.stringContaining("got nothing")]);
    const calibrate = async (file: string, ...more: readonly string[]) =>
      cli(["gate", "calibrate", file, "--candidate", base.grpcEndpoint, ...more]);
    for (const blocks of ["0", "2", "100000"]) {
      const end = await calibrate(gateFile(SPEED), "--blocks", blocks);
      expect([end.code, end.stderr]).toEqual([2, expect.stringContaining("--blocks from 8 to 1000")]);
    }
    const none = await calibrate(gateFile(close));
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining("no relative check")]);
    expect((await cli(["gate", "calibrate", "--help"])).stdout).toMatch(/in per cent\s+\(default:\s+10\)/);
  });

  it("calibrates, and keeps what it found", async () => {
    const out = path.join(folder, "calibrated");
    const words = ["gate", "calibrate", gateFile(SPEED, "seed: 6\n"), "--candidate", base.grpcEndpoint];
    const end = await cli([...words, "--blocks", "8", "--detect", "100", "--out", out, "--json"]);
    expect(end.code, end.stderr).toBe(0);
    expect(JSON.parse(readFileSync(path.join(out, "calibration.json"), "utf8"))).toEqual(documentOf(end));
    expect(readFileSync(path.join(out, "calibration.ndjson"), "utf8").trim().split("\n")).toHaveLength(8);
  });

  it("ends with 3 where the sender stalls, whatever it measured", async () => {
    const file = gateFile(SPEED, "blocks: 8\nmost: 8\n");
    writeFileSync(
      file,
      readFileSync(file, "utf8").replace("timers: 3", "timers: 0.2").replace("accepted: accepted.json\n", ""),
    );
    const run = startCli(words(file, slow));
    await run.saw(/block 1:/);
    const stall = setInterval(() => {
      run.child.kill("SIGSTOP");
      setTimeout(() => run.child.kill("SIGCONT"), 700);
    }, 900);
    const end = await run.ended.finally(() => {
      clearInterval(stall);
    });
    expect(end.code, end.stderr).toBe(3);
    expect(end.stdout).toContain("the sender stalled");
    expect(existsSync(path.join(folder, "out/verdict.json"))).toBe(true);
  });
});

describe("a gate that is disturbed", () => {
  const SLO = "  slo:\n    tail: { variant: draft, metric: response, most: 60000 }\n";

  /** A gate without accepted values, in a folder of its own. */
  function plainGate(blocks = 3): { readonly file: string; readonly out: string } {
    const place = temporaryFolder("gate");
    const file = path.join(place, "gate.yaml");
    const text = readFileSync(gateFile(SLO, `blocks: ${blocks}\nmost: ${blocks}\n`), "utf8");
    writeFileSync(file, text.replace("accepted: accepted.json\n", ""));
    cpSync(path.join(ROOT, "configs/wan-tiny.yaml"), path.join(place, "wan-tiny.yaml"));
    return { file, out: path.join(place, "out") };
  }

  const run = (candidate: string, { file, out } = plainGate()) =>
    startCli(["gate", file, "--base", base.grpcEndpoint, "--candidate", candidate, "--out", out, "--json"]);

  it("waits for another on the same machine, and both end", async () => {
    const first = run(base.grpcEndpoint, plainGate(16));
    await first.saw(/block 1:/);
    const second = await run(base.grpcEndpoint).ended;
    expect(second.stderr).toContain("waiting for another gate on this machine");
    const measured = [await first.ended, second].map(
      (end) => (documentOf(end) as unknown as GateReport).blocks.measured,
    );
    expect(measured).toEqual([16, 3]);
  });

  it("calls it broken, not failed, where an endpoint comes and goes", async () => {
    const relay = await startRelay(Number(base.grpcEndpoint.split(":")[1]));
    const running = run(relay.endpoint);
    await running.saw(/block 1:/);
    const flap = setInterval(() => {
      relay.reset();
    }, 150);
    const end = await running.ended.finally(() => {
      clearInterval(flap);
    });
    expect(end.code, end.stderr).toBe(3);
    const { verdict, checks } = documentOf(end) as unknown as GateReport;
    expect(verdict).toBe("invalid");
    expect(checks.find(({ name }) => name === "requests")?.message).toMatch(
      /^0 of the base and [1-3] of the candidate failed: unreachable: /,
    );
  });

  it("leaves no verdict of an earlier run where it breaks or is interrupted", async () => {
    const gate = plainGate(60);
    const verdictOf = () =>
      JSON.parse(readFileSync(path.join(gate.out, "verdict.json"), "utf8")) as GateReport;
    mkdirSync(gate.out);
    for (const name of ["verdict.json", "junit.xml", "summary.md", "blocks.ndjson"])
      writeFileSync(path.join(gate.out, name), '"passed"');
    const gone = await run("127.0.0.1:1", gate).ended;
    expect(gone.code, gone.stderr).toBe(3);
    expect(verdictOf()).toMatchObject({
      verdict: "invalid",
      checks: [{ name: "run", message: expect.stringMatching(/unreachable: /) as string }],
    });
    expect(readFileSync(path.join(gate.out, "blocks.ndjson"), "utf8")).toBe("");

    const running = run(base.grpcEndpoint, gate);
    await running.saw(/block 1:/);
    // Blocks are there as they come.
    expect(readFileSync(path.join(gate.out, "blocks.ndjson"), "utf8")).toMatch(/^\{"block":0/);
    running.child.kill("SIGINT");
    expect((await running.ended).code).toBe(130);
    const { verdict, checks, blocks, sides } = verdictOf();
    expect([verdict, checks[0]?.message]).toEqual(["invalid", expect.stringContaining("cancelled: ")]);
    expect([blocks.measured > 0, sides.length]).toEqual([true, 2]);
    const junit = readFileSync(path.join(gate.out, "junit.xml"), "utf8");
    expect(junit).toContain('tests="1" failures="0" errors="1"');
  });

  it("keeps the verdict where the disk is full for the rest", async () => {
    const gate = plainGate();
    mkdirSync(gate.out);
    symlinkSync("/dev/full", path.join(gate.out, "blocks.ndjson"));
    const end = await run(base.grpcEndpoint, gate).ended;
    expect([end.code, end.stdout]).toEqual([3, expect.stringContaining("disk-full")]);
    const verdict = readFileSync(path.join(gate.out, "verdict.json"), "utf8");
    expect(JSON.parse(verdict)).toMatchObject({ format: "triptych-gate" });
    // Half of it is none.
    writeFileSync(path.join(gate.out, "verdict.json"), verdict.slice(0, verdict.length / 2));
    const explained = await cli(["gate", "explain", "--out", gate.out]);
    expect([explained.code, explained.stderr]).toEqual([2, expect.stringContaining("records-invalid")]);
  });
});
