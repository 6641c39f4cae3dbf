// Runs everything that can be checked on this machine, goes on after a failure, and ends with the true count.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const out = `${root}out/test`;
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const python = `${root}.venv-tools/bin/python`;
// One thread: the other lane has the other core, and PyTorch's threads would wait for each other in turns.
const toolsEnv = { PYTHONPATH: `${root}tools:${root}src/repository/python`, OMP_NUM_THREADS: "1" };

/** A step that passes or fails as one. */
const single = (name, command, env = {}) => ({
  name,
  command,
  env,
  count: (ok) => (ok ? [1, 0, 0] : [0, 1, 0]),
});

/** A run of vitest, counted by its own JSON report. Only the verbose reporter says why a test was skipped. */
const vitest = (name, projects, reporter = "default") => {
  const report = `${out}/${name}.json`;
  const command = `npx vitest run --project '${projects}' --reporter=${reporter} --reporter=json --outputFile.json=${report}`;
  return { name: `${name} tests`, command, env: {}, count: (ok) => counted(ok, vitestCounts(report)) };
};

/** A run of pytest, counted by its JUnit report. */
const pytest = (name, folder) => {
  const report = `${out}/${name}.xml`;
  const command = `${python} -m pytest -q ${folder} --junitxml=${report}`;
  return { name: `${name} tests`, command, env: toolsEnv, count: (ok) => counted(ok, junitCounts(report)) };
};

function vitestCounts(file) {
  const { numPassedTests, numFailedTests, numFailedTestSuites, numPendingTests, success } = JSON.parse(
    readFileSync(file, "utf8"),
  );
  // A file that cannot be loaded has no tests to fail.
  const failed = numFailedTests > 0 || success ? numFailedTests : Math.max(1, numFailedTestSuites);
  return [numPassedTests, failed, numPendingTests];
}

function junitCounts(file) {
  const head = /<testsuite [^>]*>/.exec(readFileSync(file, "utf8"))?.[0] ?? "";
  const number = (key) => Number(new RegExp(` ${key}="(\\d+)"`).exec(head)?.[1] ?? 0);
  const failed = number("errors") + number("failures");
  return [number("tests") - failed - number("skipped"), failed, number("skipped")];
}

/** A run that ended badly has failed, whatever it managed to count. */
function counted(ok, [passed, failed, skipped]) {
  return [passed, ok ? failed : Math.max(1, failed), skipped];
}

/** A test that was skipped has shown nothing, so it is said. */
function tally([passed, failed, skipped]) {
  return `${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`;
}

const build = single("build", "npm run --silent build");

/** What needs nothing but the build and files of its own: two lanes, for two cores. */
const lanes = [
  [
    single("generated files", "npm run --silent generated -- --check"),
    single("format", "npm run --silent lint:format"),
    single("lint", "npm run --silent lint"),
    single("types", "npm run --silent types"),
    single("layers", "npm run --silent layers"),
    single("dead code", "npm run --silent dead"),
    single("package", "npm run --silent package"),
    single("reference", "npm run --silent reference"),
    vitest("unit", "unit*"),
  ],
  [
    single("python format", `${python} -m ruff format --check --config tools/pyproject.toml tools src e2e`),
    single("python lint", `${python} -m ruff check --config tools/pyproject.toml tools src e2e`),
    single(
      "python types",
      `${python} -m mypy --config-file tools/pyproject.toml tools/triptych_tools tools/tests src/repository/python/triptych_runtime`,
      toolsEnv,
    ),
    pytest("tools", "tools/tests"),
  ],
];

/** Alone on the machine: servers and clips have deadlines, and the gate measures. */
const alone = [vitest("e2e", "e2e*", "verbose"), single("gate", "node tools/gate.mjs")];

const total = [0, 0, 0];
const table = [];

/** Runs a step and says all of it at its end, so that lanes do not mix; `shown` as it comes. */
async function run({ name, command, env, count }, shown = false) {
  if (shown) console.log(`\n== ${name}`);
  const started = Date.now();
  const child = spawn(command, {
    cwd: root,
    shell: "/bin/bash",
    stdio: shown ? "inherit" : ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => said.push(chunk));
  const [status] = await once(child, "close");
  if (!shown) process.stdout.write(`\n== ${name}\n${Buffer.concat(said).toString()}`);
  const result = resultOf(count, status === 0);
  for (const index of total.keys()) total[index] += result[index];
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  table.push(`${name.padEnd(18)} ${tally(result).padEnd(34)} ${seconds.padStart(5)} s`);
}

function resultOf(count, ok) {
  try {
    return count(ok);
  } catch (error) {
    console.error(`no count: ${error.message}`);
    return [0, 1, 0];
  }
}

async function runLane(steps) {
  for (const step of steps) await run(step);
}

await run(build);
await Promise.all(lanes.map(runLane));
for (const step of alone) await run(step, true);
const [, failed] = total;
console.log(`\n${table.join("\n")}\n\n${tally(total)}`);
process.exitCode = failed === 0 ? 0 : 1;
