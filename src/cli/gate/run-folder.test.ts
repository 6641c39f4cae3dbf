import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isTriptychError, TriptychError } from "../../errors/index.ts";
import { brokenReport, type Gate, parseGate, parseVerdict } from "../../gate/index.ts";
import { createTerminal } from "../terminal.ts";
import { RunFolder } from "./run-folder.ts";

let folder: string;
const terminal = createTerminal(process.stdout, process.stderr);

const RESULTS = ["verdict.json", "summary.md", "junit.xml", "blocks.ndjson"];

const { gate } = parseGate(
  "version: 1\nname: g\nspec: s.yaml\nprompts: [a]\nchecks:\n  exact:\n    same: { variant: draft, metric: frames }\n",
  "g.yaml",
);

const reportOf = (rules: Gate, reason: unknown) =>
  brokenReport(
    rules,
    { startedAt: "2026-11-29T12:00:00.000Z", sides: [], host: "h", configuration: "k", blocks: [] },
    reason,
  );

beforeEach(() => {
  folder = path.join(mkdtempSync(path.join(tmpdir(), "triptych-run-")), "out");
});

afterEach(() => {
  rmSync(path.dirname(folder), { recursive: true });
});

describe("the folder of a run", () => {
  it("keeps nothing of an earlier run, and each block as it comes", async () => {
    mkdirSync(folder);
    for (const name of [...RESULTS, "mine.txt"]) writeFileSync(path.join(folder, name), "old");
    const run = await RunFolder.open(folder);
    expect(RESULTS.filter((name) => existsSync(path.join(folder, name)))).toEqual(["blocks.ndjson"]);
    expect(readFileSync(path.join(folder, "blocks.ndjson"), "utf8")).toBe("");
    expect(existsSync(path.join(folder, "mine.txt"))).toBe(true);
    for (const block of [0, 1]) {
      run.add({ block, halves: [] });
      const lines = readFileSync(path.join(folder, "blocks.ndjson"), "utf8").trim().split("\n");
      expect(lines).toHaveLength(block + 1);
    }
  });

  it("takes the verdict of a run that broke, with its reason", async () => {
    const run = await RunFolder.open(folder);
    const reason = new TriptychError("process-failed", "false ended with 1\nits log");
    await run.write(terminal, reportOf(gate, reason));
    const [verdict = "", summary = "", junit = ""] = RESULTS.slice(0, 3).map((name) =>
      readFileSync(path.join(folder, name), "utf8"),
    );
    expect(parseVerdict(verdict, "verdict.json").verdict).toBe("invalid");
    expect(summary).toContain("# Gate g: invalid");
    expect(junit).toContain('errors="1"');
    expect(junit).toContain("did not come to its end: process-failed: false ended with 1");
  });

  it("writes the verdict even where blocks are lost, and tells of those afterwards", async () => {
    mkdirSync(folder);
    symlinkSync("/dev/full", path.join(folder, "blocks.ndjson"));
    const run = await RunFolder.open(folder);
    run.add({ block: 0, halves: [] });
    await expect(
      run.write(terminal, reportOf(gate, new TriptychError("cancelled", "interrupted"))),
    ).rejects.toSatisfy((reason) => isTriptychError(reason, "disk-full"));
    expect(existsSync(path.join(folder, "junit.xml"))).toBe(true);
  });
});
