import { writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { lintRepository, RULES } from "../src/lint/index.ts";
import { writeFiles } from "./lint/case.ts";
import { MEMBER_FILES } from "./lint/cases/index.ts";
import { type Mutant, mutantsOf, WAN_TINY_FILES } from "./lint/mutants/index.ts";
import { LoadingServer } from "./lint/server.ts";
import { temporaryFolder } from "./support.ts";

// `node tools/lint-mutants.mjs` asks for more of them, and for others.
const COUNT = Number(process.env["LINT_MUTANTS"] ?? 150);
const SEED = Number(process.env["LINT_SEED"] ?? 1);
const REPORT = process.env["LINT_REPORT"];
const AUTO_COMPLETE = process.env["LINT_AUTO_COMPLETE"] !== undefined;

const PHRASES = RULES.flatMap(({ phrase }) => (phrase === undefined ? [] : [phrase]));

/** What both say of each mutant. */
async function compare(mutants: readonly Mutant[]) {
  const folder = temporaryFolder("mutants");
  for (const files of [MEMBER_FILES, WAN_TINY_FILES, ...mutants.map((mutant) => mutant.files)])
    writeFiles(folder, files);
  const { verdicts } = await lintRepository(folder, { triton: "embedded", autoComplete: AUTO_COMPLETE });
  await using server = new LoadingServer(folder, { autoComplete: AUTO_COMPLETE });
  const said = await server.verdictsOf(mutants);
  return mutants.map(({ model, what }) => {
    const { outcome: theirs = "aborts", reason = "" } = said.get(model) ?? {};
    return { what, ours: verdicts[model] ?? "unknown", theirs, reason };
  });
}

it(`lint and Triton agree on ${COUNT} mutants of good repositories (seed ${SEED})`, async () => {
  const outcomes = await compare(mutantsOf(SEED, COUNT));
  // Where a model may complete itself, lint does not say what comes of it.
  const disagreements = outcomes.filter(
    ({ ours, theirs }) => ours !== "unknown" && (ours === "accepted") !== (theirs === "accepted"),
  );
  const accepted = outcomes.filter(({ theirs }) => theirs === "accepted").length;
  const agreed = COUNT - disagreements.length;
  if (REPORT !== undefined)
    writeFileSync(REPORT, JSON.stringify({ total: COUNT, agreed, accepted, disagreements }, null, 2));
  // What a rule claims to know, it may never miss. Where the whole server went, its log tells of other models too.
  const missed = disagreements.filter(
    ({ ours, theirs, reason }) =>
      ours === "accepted" && theirs !== "aborts" && PHRASES.some((phrase) => reason.includes(phrase)),
  );
  expect(missed).toEqual([]);
  expect(agreed / COUNT, JSON.stringify(disagreements, null, 2)).toBeGreaterThanOrEqual(0.99);
  // Neither kind may be rare, or the agreement would say little.
  expect(accepted / COUNT).toBeGreaterThan(0.2);
  expect(accepted / COUNT).toBeLessThan(0.8);
}, 3_600_000);
