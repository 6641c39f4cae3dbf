// Holds `triptych bench` against NVIDIA's perf_analyzer: both measure the same ensemble of the same server, turn by turn, at
// one, two and four requests at a time. Its wheel (pip install perf-analyzer) asks for glibc 2.38; where the system is
// older, --root names a folder with a newer one (such as debootstrap makes) that has perf_analyzer in its /usr/local/bin.
// Needs dist/ (npm run build).
//
//   node tools/perf-analyzer.mjs [--root FOLDER] [--rounds 5] [--requests 30] [--clip draft]
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { compare } from "./bench/compare.mjs";
import { ROOT as root } from "./bench/root.mjs";
import { serveTiny } from "./bench/tiny.mjs";

const { values } = parseArgs({
  options: {
    root: { type: "string" },
    rounds: { type: "string", default: "5" },
    requests: { type: "string", default: "30" },
    clip: { type: "string", default: "draft" },
  },
});
const LEVELS = [1, 2, 4];
const PROMPT = "a red circle moves right";
const MIB = 2 ** 20;

function run(file, words, cwd) {
  const { status, stdout, stderr, error } = spawnSync(file, words, {
    cwd,
    encoding: "utf8",
    maxBuffer: 64 * MIB,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${file} ${words.join(" ")} ended with ${status}\n${stdout}\n${stderr}`);
  return stdout;
}

/** A folder that perf_analyzer sees under another name where it has a system of its own. */
function sharedFolder() {
  const folder = mkdtempSync(path.join(values.root ?? "", tmpdir(), "triptych-pa-"));
  return { folder, seen: values.root === undefined ? folder : `/${path.relative(values.root, folder)}` };
}

function number(text, pattern) {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`perf_analyzer says nothing of ${pattern}:\n${text}`);
  return Number(found);
}

function theirs(endpoint, concurrency, { folder, seen }) {
  const input = path.join(folder, "input.json");
  writeFileSync(input, JSON.stringify({ data: [{ PROMPT: [PROMPT], SEED: [1], STEPS: [4] }] }));
  const words = [
    ...["-m", values.clip, "-i", "grpc", "-u", endpoint, "--input-data", `${seen}/input.json`],
    ...["--concurrency-range", `${concurrency}`, "--request-count", values.requests],
    ...["--warmup-request-count", `${2 * concurrency}`, "-v"],
  ];
  const text =
    values.root === undefined
      ? run("perf_analyzer", words, folder)
      : run("chroot", [values.root, "perf_analyzer", ...words], folder);
  writeFileSync(`${root}out/bench/perf-analyzer.txt`, text);
  return {
    perSecond: number(text, /Throughput: ([\d.]+) infer\/sec/),
    p50: number(text, /p50 latency: (\d+) usec/) / 1000,
  };
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
    ...["--variant", values.clip, "--door", "ensemble", "--prompt", PROMPT],
    ...["--concurrency", `${concurrency}`, "--requests", values.requests, "--warm-up", `${2 * concurrency}`],
    ...["--out", "out/bench/perf-analyzer"],
  ];
  rmSync(`${root}out/bench/perf-analyzer`, { recursive: true, force: true });
  const [point] = JSON.parse(run(process.execPath, words, root)).points;
  const { percentiles } = point.responseMs;
  return { perSecond: point.clipsPerSecond, p50: percentiles.find(({ p }) => p === 50).value, point };
}

/** What perf_analyzer's own table says of the models behind the ensemble, beside the tree of the same requests. */
function showParts({ point }) {
  const text = readFileSync(`${root}out/bench/perf-analyzer.txt`, "utf8");
  console.log(`\nperf_analyzer:\n${text.slice(text.indexOf("  Server:")).split("\nInferences/Second")[0]}`);
  console.log("triptych bench:");
  for (const { name, perRequestMs, models } of point.time.parts) {
    console.log(`  ${name}: ${perRequestMs.toFixed(2)} ms a request`);
    for (const { model, callsPerRequest, perCallMs } of models)
      console.log(`    ${model}: ${callsPerRequest} calls a request, ${perCallMs.toFixed(2)} ms a call`);
  }
}

mkdirSync(`${root}out/bench`, { recursive: true });
const place = sharedFolder();
const { server } = await serveTiny("perf-analyzer-models");
try {
  const found = LEVELS.map(() => ({ ours: [], theirs: [] }));
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const [index, level] of LEVELS.entries()) {
      const turns = [
        () => found[index].ours.push(ours(server.grpcEndpoint, level)),
        () => found[index].theirs.push(theirs(server.grpcEndpoint, level, place)),
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
  showParts(found[LEVELS.length - 1].ours.at(-1));
} finally {
  await server.stop();
  rmSync(place.folder, { recursive: true, force: true });
}
