import { writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { lintRepository, RULES } from "../src/lint/index.ts";
import { writeFiles } from "./lint/case.ts";
import { MEMBER_FILES } from "./lint/cases/index.ts";
import { mutantsOf, WAN_TINY_FILES } from "./lint/mutants/index.ts";
import { LoadingServer } from "./lint/server.ts";
import { temporaryFolder } from "./support.ts";

// `node tools/lint-mutants.mjs` asks for more of them, and for others.
const COUNT = Number(process.env["LINT_MUTANTS"] ?? 150);
const SEED = Number(process.env["LINT_SEED"] ?? 20_261_129);

const PHRASES = RULES.flatMap(({ phrase }) => (phrase === undefined ? [] : [phrase]));

describe(`${COUNT} mutants of good repositories (seed ${SEED})`, () => {
  it("lint and Triton agree on them", async () => {
    const folder = temporaryFolder("mutants");
    const mutants = mutantsOf(SEED, COUNT);
    for (const files of [MEMBER_FILES, WAN_TINY_FILES, ...mutants.map((one) => one.files)])
      writeFiles(folder, files);
    const { verdicts, findings } = await lintRepository(folder, { triton: "embedded" });
    await using server = new LoadingServer(folder);
    const said = await server.verdictsOf(mutants);
    const outcomes = mutants.map((mutant) => {
      const { outcome = "aborts", reason = "" } = said.get(mutant.model) ?? {};
      const ours = verdicts[mutant.model] ?? "unknown";
      const errors = findings.filter(({ model, severity }) => model === mutant.model && severity === "error");
      const claimed = PHRASES.some((phrase) => reason.includes(phrase));
      return { ...mutant, ours, theirs: outcome, reason, errors, claimed };
    });
    const disagreements = outcomes.filter(
      ({ ours, theirs }) => (ours === "accepted") !== (theirs === "accepted"),
    );
    const accepted = outcomes.filter(({ theirs }) => theirs === "accepted").length;
    const report = process.env["LINT_REPORT"];
    if (report !== undefined)
      writeFileSync(
        report,
        JSON.stringify({ outcomes, accepted, disagreements: disagreements.length }, null, 1),
      );
    const missed = disagreements.filter(({ ours, claimed }) => ours === "accepted" && claimed);
    expect(missed.map(({ what, reason }) => ({ what, reason }))).toEqual([]);
    expect(disagreements.length / COUNT, JSON.stringify(disagreements.map(({ what }) => what))).toBeLessThan(
      0.01,
    );
    // Neither kind may be rare, or the agreement would say little.
    expect(accepted / COUNT).toBeGreaterThan(0.2);
    expect(accepted / COUNT).toBeLessThan(0.8);
  }, 3_600_000);
});
