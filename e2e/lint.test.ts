import { beforeAll, describe, expect, it } from "vitest";
import { isEnsemble, type LintCase, named, writeFiles } from "./lint/case.ts";
import { ABORTING_CASE, CASES, HANGING_CASE, MEMBER_FILES } from "./lint/cases/index.ts";
import { LoadingServer, type ServerVerdict } from "./lint/server.ts";
import { temporaryFolder } from "./support.ts";

const modelOf = (sample: LintCase): string => named(sample).model;

/** One repository with all the cases in it, and whatever they call. */
function repositoryOf(cases: readonly LintCase[]): string {
  const folder = temporaryFolder("lint");
  writeFiles(folder, MEMBER_FILES);
  for (const sample of cases) writeFiles(folder, named(sample).files);
  return folder;
}

describe("each rule by itself", () => {
  let said: Map<string, ServerVerdict>;

  beforeAll(async () => {
    await using server = new LoadingServer(repositoryOf(CASES));
    said = await server.verdictsOf(CASES.map((one) => ({ model: modelOf(one), alone: isEnsemble(one) })));
  });

  it.each(CASES)("$id: Triton says what the case says that it says", (sample) => {
    const verdict = said.get(modelOf(sample));
    expect(verdict).toMatchObject(
      sample.says === undefined
        ? { outcome: "accepted", reason: "" }
        : { outcome: "refused", reason: expect.stringContaining(sample.says) as string },
    );
  });
});

describe("what costs more than the model", () => {
  it("a model file that is not there: the load never ends", async () => {
    await using server = new LoadingServer(repositoryOf([HANGING_CASE]), 10_000);
    const [verdict] = (await server.verdictsOf([{ model: modelOf(HANGING_CASE), alone: true }])).values();
    expect(verdict).toMatchObject({
      outcome: "hangs",
      reason: expect.stringContaining("Python model file not found in") as string,
    });
  });

  it("a version beyond 64 bits: the server aborts", async () => {
    await using server = new LoadingServer(repositoryOf([ABORTING_CASE]));
    const [verdict] = (await server.verdictsOf([{ model: modelOf(ABORTING_CASE), alone: true }])).values();
    expect(verdict).toMatchObject({ outcome: "aborts" });
  });
});
