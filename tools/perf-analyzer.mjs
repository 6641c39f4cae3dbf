// Holds `triptych bench` against NVIDIA's perf_analyzer: both measure the same ensemble of the same server, turn by turn, at
// one, two and four requests at a time. --root names a folder with a system of its own, see bench/analyzer.mjs. Needs dist/
// (npm run build).
//
//   node tools/perf-analyzer.mjs [--root FOLDER] [--rounds 3] [--seconds 20] [--variant draft]
import { mkdirSync, rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { analyze, run } from "./bench/analyzer.mjs";
import { compare } from "./bench/compare.mjs";
import { ROOT as root } from "./bench/root.mjs";
import { serveTiny } from "./bench/tiny.mjs";

const { values } = parseArgs({
  options: {
    root: { type: "string" },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "20" },
    variant: { type: "string", default: "draft" },
  },
});
const LEVELS = [1, 2, 4];
const PROMPT = "a red circle moves right";

function theirs(endpoint, concurrency) {
  return analyze({
    root: values.root,
    endpoint,
    model: values.variant,
    concurrency,
    seconds: Number(values.seconds),
    data: { PROMPT: [PROMPT], SEED: [1], STEPS: [4] },
    // The experts are called by a model, and not found by themselves.
    more: ["--bls-composing-models", `${values.variant}_high_noise:1,${values.variant}_low_noise:1`],
  });
}

function ours(endpoint, concurrency) {
  const words = [
    ...[
      "dist/cli/main.js",
      "bench",
      "configs/wan-tiny.yaml",
      "--server",
      endpoint,
      "--json",
      "--ignore-checks",
    ],
    ...["--variant", values.variant, "--door", "ensemble", "--prompt", PROMPT],
    ...["--concurrency", `${concurrency}`, "--duration", values.seconds, "--warm-up", `${2 * concurrency}`],
    ...["--out", "out/bench/perf-analyzer"],
  ];
  rmSync(`${root}out/bench/perf-analyzer`, { recursive: true, force: true });
  const [point] = JSON.parse(run(process.execPath, words, root)).points;
  const { percentiles } = point.responseMs;
  return { perSecond: point.clipsPerSecond, p50: percentiles.find(({ p }) => p === 50).value, point };
}

/** What perf_analyzer's own table says of the models behind the ensemble, beside the tree of the same requests. */
function showParts({ point }, { text }) {
  console.log(`\nperf_analyzer:\n${text.slice(text.indexOf("  Server:")).split("\nInferences/Second")[0]}`);
  console.log("triptych bench:");
  for (const { name, perRequestMs, models } of point.time.parts) {
    console.log(`  ${name}: ${perRequestMs.toFixed(2)} ms a request`);
    for (const { model, callsPerRequest, perCallMs } of models)
      console.log(`    ${model}: ${callsPerRequest} calls a request, ${perCallMs.toFixed(2)} ms a call`);
  }
}

mkdirSync(`${root}out/bench`, { recursive: true });
const { server } = await serveTiny("perf-analyzer-models");
try {
  const found = LEVELS.map(() => ({ ours: [], theirs: [] }));
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const [index, level] of LEVELS.entries()) {
      const turns = [
        () => found[index].ours.push(ours(server.grpcEndpoint, level)),
        () => found[index].theirs.push(theirs(server.grpcEndpoint, level)),
      ];
      for (const turn of (round + index) % 2 === 0 ? turns : turns.toReversed()) turn();
    }
  }
  for (const [index, level] of LEVELS.entries()) {
    const at = `${level} at a time: triptych bench / perf_analyzer`;
    const side = (name, key) => ({ name, values: found[index][name].map((one) => one[key]) });
    const both = (key) => [side("ours", key), side("theirs", key)];
    compare(`throughput, ${at}`, ...both("perSecond"), "0.95 to 1.05", "clips/s");
    compare(`p50, ${at}`, ...both("p50"), "0.95 to 1.05");
  }
  const last = found[LEVELS.length - 1];
  showParts(last.ours.at(-1), last.theirs.at(-1));
} finally {
  await server.stop();
}
