// Runs the gate many times on the real Triton and counts its verdicts: equal builds, and a candidate one of whose stages
// is slower by a share of the whole clip. Needs dist/ (npm run build). Ends with 1 where a count is out of bounds.
//
//   node tools/gate-runs.mjs [--runs 20] [--slower 0,0.3] [--detect 0.3]
import { spawn } from "node:child_process";
import { appendFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { serveTiny } from "./bench/tiny.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const main = path.join(root, "dist/cli/main.js");
const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "20" },
    slower: { type: "string", default: "0,0.3" },
    detect: { type: "string", default: "0.3" },
  },
});
const runs = Number(values.runs);
const specFile = path.join(root, "configs/wan-tiny.yaml");
const folder = mkdtempSync(path.join(tmpdir(), "triptych-gate-runs-"));
const servers = [];

/** The stage that is made slower, and its share of a draft clip by the calibration. */
const STAGE = "vae_decoder";

/** Makes the stage take longer by a share of its own time. */
function slowDown(models, factor) {
  const late = `
import time

_execute = TritonPythonModel.execute


def _late(self, requests):
    start = time.perf_counter()
    responses = _execute(self, requests)
    time.sleep(${factor} * (time.perf_counter() - start))
    return responses


TritonPythonModel.execute = _late
`;
  appendFileSync(path.join(models, STAGE, "1/model.py"), late);
}

/** Serves wan-tiny, with the stage slower by a share of its own time. */
async function serve(name, factor) {
  const { server } = await serveTiny(`gate-${name}`, (models) => {
    if (factor > 0) slowDown(models, factor);
  });
  servers.push(server);
  return server;
}

/** A gate with one relative check. */
function gateFile(name, { blocks, tolerance }) {
  const file = path.join(folder, `${name}.yaml`);
  writeFileSync(
    file,
    `version: 1
name: ${name}
spec: wan-tiny.yaml
prompts: [a red circle moves right, a blue square moves up]
seed: ${Math.floor(Math.random() * 2 ** 31)}
blocks: ${blocks}
most: ${blocks}
clips: 1
host: { steal: 1, others: 1, timers: 10 }
checks:
  relative:
    response: { variant: draft, metric: response, tolerance: ${tolerance} }
`,
  );
  return file;
}

function run(words) {
  const child = spawn(process.execPath, [main, ...words, "--json"], {
    cwd: root,
    stdio: ["ignore", "pipe", "ignore"],
  });
  let text = "";
  child.stdout.on("data", (chunk) => {
    text += chunk;
  });
  return new Promise((resolve) => {
    child.once("close", (code) => resolve({ code, document: JSON.parse(text) }));
  });
}

const sides = (base, candidate, name) => [
  ...["--base", base.grpcEndpoint, "--candidate", candidate.grpcEndpoint],
  ...["--out", path.join(folder, "out", name)],
];

try {
  cpSync(specFile, path.join(folder, "wan-tiny.yaml"));
  const base = await serve("base", 0);
  const first = gateFile("calibrate", { blocks: 20, tolerance: 0.2 });
  const calibrated = await run([
    ...[
      "gate",
      "calibrate",
      first,
      "--candidate",
      base.grpcEndpoint,
      "--detect",
      `${100 * Number(values.detect)}`,
    ],
    ...["--out", path.join(folder, "out")],
  ]);
  const response = calibrated.document.metrics.find(({ metric }) => metric === "response");
  console.log("calibrated", JSON.stringify(response));
  if (response.proposal === undefined) throw new Error("this host cannot see such a slowdown");
  const warm = await run([
    "gate",
    gateFile("share", { blocks: 8, tolerance: 1 }),
    ...sides(base, base, "share"),
  ]);
  const whole = warm.document.parts.reduce((sum, { baseMs }) => sum + baseMs, 0);
  const share = warm.document.parts.find(({ part }) => part === STAGE).baseMs / whole;
  console.log(`${STAGE} is ${(100 * share).toFixed(0)} % of a clip of ${whole.toFixed(0)} ms`);
  for (const slower of values.slower.split(",").map(Number)) {
    const candidate = await serve(`slower-${slower}`, slower / share);
    // A server that was just started is slower than one that was asked a hundred times.
    await run(["gate", gateFile("warm", response.proposal), ...sides(base, candidate, "warm")]);
    const counts = { passed: 0, failed: 0, inconclusive: 0, invalid: 0 };
    let named = 0;
    for (let index = 0; index < runs; index += 1) {
      const name = `run-${slower}-${index}`;
      const { document } = await run([
        "gate",
        gateFile(name, response.proposal),
        ...sides(base, candidate, name),
      ]);
      counts[document.verdict] += 1;
      if (document.parts[0]?.part === STAGE) named += 1;
      console.log(
        slower,
        index,
        document.verdict,
        document.checks.find(({ name: one }) => one === "response").message,
      );
    }
    console.log(
      `slower by ${slower}: ${JSON.stringify(counts)}, ${STAGE} named first in ${named} of ${runs}`,
    );
    const isWrong = slower === 0 ? counts.failed > runs / 100 : counts.failed < 0.95 * runs;
    if (isWrong) process.exitCode = 1;
    await servers.pop().stop();
  }
} finally {
  await Promise.all(servers.map((server) => server.stop()));
  rmSync(folder, { recursive: true, force: true });
}
