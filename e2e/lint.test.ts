import { beforeAll, describe, expect, it } from "vitest";
import { type LintReport, lintRepository } from "../src/lint/index.ts";
import { isEnsemble, type LintCase, named, writeCase, writeFiles } from "./lint/case.ts";
import {
  ABORTING_CASES,
  CASES,
  COMPLETED_CASES,
  HANGING_CASES,
  LIMITED_CASES,
  MEMBER_FILES,
} from "./lint/cases/index.ts";
import { LoadingServer, type ServerVerdict } from "./lint/server.ts";
import { temporaryFolder } from "./support.ts";

const modelOf = (sample: LintCase): string => named(sample).model;

/** One repository with all the cases in it, and whatever they call. */
function repositoryOf(cases: readonly LintCase[]): string {
  const folder = temporaryFolder("lint");
  writeFiles(folder, MEMBER_FILES);
  for (const sample of cases) writeCase(folder, sample);
  return folder;
}

/**
 * Triton 2.51 aborts now and then as it refuses the first value of a state or a sample that cannot be run, which is no better
 * than to refuse it.
 */
function mayAbort({ id, says }: LintCase, verdict: ServerVerdict | undefined): boolean {
  const isShaky = (id.startsWith("S7.") && says !== undefined) || says === "failed to run warmup sample";
  return isShaky && verdict?.outcome === "aborts";
}

/** The rules by which lint refuses a case. */
async function lintErrors(folder: string, sample: LintCase): Promise<string[]> {
  const { findings } = await lintRepository(folder, { triton: "embedded" });
  const errors = findings.filter(({ model, severity }) => model === modelOf(sample) && severity === "error");
  return errors.map(({ rule }) => rule);
}

/** What the text of a Python model does as it is imported: lint runs none. */
const NOT_SEEN = ["P1.syntax"];

describe("each rule by itself", () => {
  let said: Map<string, ServerVerdict>;
  let found: LintReport;

  beforeAll(async () => {
    const folder = repositoryOf(CASES);
    found = await lintRepository(folder, { triton: "embedded" });
    await using server = new LoadingServer(folder);
    said = await server.verdictsOf(CASES.map((one) => ({ model: modelOf(one), alone: isEnsemble(one) })));
  });

  it.each(CASES)("$id: Triton says what the case says that it says", (sample) => {
    const verdict = said.get(modelOf(sample));
    if (mayAbort(sample, verdict)) return;
    expect(verdict).toMatchObject(
      sample.says === undefined
        ? { outcome: "accepted", reason: "" }
        : { outcome: "refused", reason: expect.stringContaining(sample.says) as string },
    );
  });

  it.each(CASES)("$id: lint says what Triton says", (sample) => {
    const model = modelOf(sample);
    const verdict = said.get(model);
    const { outcome, reason } = verdict ?? {};
    if (mayAbort(sample, verdict)) {
      expect(found.verdicts[model]).toBe("refused");
      return;
    }
    // One that is seen after all leaves the list.
    expect(found.verdicts[model]).toBe(NOT_SEEN.includes(sample.id) ? "accepted" : outcome);
    const errors = found.findings.filter((one) => one.model === model && one.severity === "error");
    if (found.verdicts[model] === "accepted") expect(errors).toEqual([]);
    else expect(errors.some(({ phrase = "?" }) => reason?.includes(phrase))).toBe(true);
  });
});

describe("what costs more than the model", () => {
  describe("a model file that is not there", () => {
    let said: Map<string, ServerVerdict>;
    let folder: string;

    beforeAll(async () => {
      folder = repositoryOf(HANGING_CASES);
      await using server = new LoadingServer(folder);
      said = await server.verdictsOf(HANGING_CASES.map((one) => ({ model: modelOf(one) })));
    });

    it.each(HANGING_CASES)("$id: the load never ends, and lint says so before", async (sample) => {
      expect(said.get(modelOf(sample))).toMatchObject({
        outcome: "hangs",
        reason: expect.stringContaining("Python model file not found in") as string,
      });
      expect(await lintErrors(folder, sample)).toEqual([sample.rule]);
    });
  });

  describe("a model of which the server aborts", () => {
    let said: Map<string, ServerVerdict>;
    let found: string;

    beforeAll(async () => {
      found = repositoryOf(ABORTING_CASES);
      await using server = new LoadingServer(found);
      said = await server.verdictsOf(ABORTING_CASES.map((one) => ({ model: modelOf(one), alone: true })));
    });

    it.each(ABORTING_CASES)("$id: Triton aborts, and lint says so before", async (sample) => {
      expect(said.get(modelOf(sample))).toMatchObject({
        outcome: "aborts",
        reason: expect.stringContaining(sample.last) as string,
      });
      expect(await lintErrors(found, sample)).toEqual(sample.rules);
    });
  });
});

describe("a server that completes configurations", () => {
  let said: Map<string, ServerVerdict>;
  let found: LintReport;

  beforeAll(async () => {
    const folder = repositoryOf(COMPLETED_CASES);
    found = await lintRepository(folder, { triton: "embedded", autoComplete: true });
    await using server = new LoadingServer(folder, { autoComplete: true });
    said = await server.verdictsOf(
      COMPLETED_CASES.map((one) => ({ model: modelOf(one), alone: isEnsemble(one) })),
    );
  });

  it.each(COMPLETED_CASES)(
    "$id: says what the case says, and lint says it or that nobody knows",
    (sample) => {
      const model = modelOf(sample);
      const { outcome, reason = "" } = said.get(model) ?? {};
      expect(outcome, reason).toBe(sample.says === undefined ? "accepted" : "refused");
      expect(reason).toContain(sample.says ?? "");
      const errors = found.findings.filter((one) => one.model === model && one.severity === "error");
      expect(found.verdicts[model], JSON.stringify(errors)).toBe(sample.verdict);
      expect(errors.some(({ phrase = "?" }) => reason.includes(phrase))).toBe(sample.verdict === "refused");
    },
  );
});

describe("a server with its rate limiter on, which lint does not know of", () => {
  let said: Map<string, ServerVerdict>;
  let found: LintReport;

  beforeAll(async () => {
    const folder = repositoryOf(LIMITED_CASES);
    found = await lintRepository(folder, { triton: "embedded", rules: ["L1"] });
    await using server = new LoadingServer(folder, { flags: ["--rate-limit=execution_count"] });
    said = await server.verdictsOf(LIMITED_CASES.map((one) => ({ model: modelOf(one), alone: true })));
  });

  it.each(LIMITED_CASES)("$id: refuses what lint warns of", (sample) => {
    const warnings = found.findings.filter(({ model }) => model === modelOf(sample));
    expect(said.get(modelOf(sample))?.outcome).toBe(warnings.length > 0 ? "refused" : "accepted");
    for (const { phrase = "?" } of warnings) expect(said.get(modelOf(sample))?.reason).toContain(phrase);
  });
});
