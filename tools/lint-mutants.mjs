// Holds lint against the real Triton on many mutants of good repositories, and prints where the two differ.
// `node tools/lint-mutants.mjs [count] [seed] [--auto-complete]`; 1000 of them take some ten minutes of two quiet cores.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const words = process.argv.slice(2);
const [count = "1000", seed = "1"] = words.filter((word) => !word.startsWith("--"));
const server = words.includes("--auto-complete") ? { LINT_AUTO_COMPLETE: "1" } : {};
const report = `${root}out/lint-mutants-${seed}.json`;

mkdirSync(`${root}out`, { recursive: true });
rmSync(report, { force: true });
const { status } = spawnSync("npx", ["vitest", "run", "--project", "e2e", "e2e/lint-mutants.test.ts"], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, LINT_MUTANTS: count, LINT_SEED: seed, LINT_REPORT: report, ...server },
});
const { total, agreed, accepted, disagreements } = JSON.parse(readFileSync(report, "utf8"));
console.log(
  `${total} mutants (seed ${seed}), Triton takes ${accepted}; agreement ${((100 * agreed) / total).toFixed(2)} %`,
);
for (const { what, ours, theirs, reason } of disagreements)
  console.log(`- ${what}\n  lint: ${ours}; Triton: ${theirs} ${reason}`);
process.exitCode = status ?? 1;
