// Measures what docs/performance.md shows: both sides of each comparison in one run, turn by turn, as a ratio with its
// n and spread. `node tools/bench.mjs [rounds] [--write]`; --write puts the results into docs/performance.md.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const {
  connect,
  linkWeights,
  parseSpec,
  planPipeline,
  readRuntime,
  renderRepository,
  startTriton,
  writeRepository,
} = await import(`${root}dist/index.js`);
const rounds = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 40);
const WARM_UP = 4;

const sorted = (values) => values.toSorted((a, b) => a - b);
const quantile = (values, q) => {
  const at = (values.length - 1) * q;
  const [low, high] = [Math.floor(at), Math.ceil(at)];
  return values[low] + (values[high] - values[low]) * (at - low);
};
const median = (values) => quantile(sorted(values), 0.5);

/** A small generator, so that a report can be made again from its samples. */
function random(seed) {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

/** 95 % interval of a statistic of pairs, by resampling whole pairs. */
function interval(pairs, statistic) {
  const next = random(1);
  const draws = Array.from({ length: 2000 }, () =>
    statistic(Array.from(pairs, () => pairs[Math.floor(next() * pairs.length)])),
  );
  const ordered = sorted(draws);
  return [quantile(ordered, 0.025), quantile(ordered, 0.975)];
}

function compare(name, a, b, target) {
  const pairs = a.values.map((value, index) => [value, b.values[index]]);
  const ratioOf = (rows) => median(rows.map(([x]) => x)) / median(rows.map(([, y]) => y));
  const [low, high] = interval(pairs, ratioOf);
  const row = {
    name,
    a: a.name,
    b: b.name,
    n: pairs.length,
    medianA: median(a.values),
    medianB: median(b.values),
    iqrA: [quantile(sorted(a.values), 0.25), quantile(sorted(a.values), 0.75)],
    iqrB: [quantile(sorted(b.values), 0.25), quantile(sorted(b.values), 0.75)],
    ratio: ratioOf(pairs),
    low,
    high,
    target,
  };
  console.log(
    `${name}: ${row.ratio.toFixed(3)}x [${low.toFixed(3)}, ${high.toFixed(3)}], n = ${row.n}; ` +
      `${a.name} ${row.medianA.toFixed(1)} ms, ${b.name} ${row.medianB.toFixed(1)} ms; target ${target}`,
  );
  return row;
}

function planOf(name) {
  const file = `${root}configs/${name}.yaml`;
  return planPipeline(parseSpec(readFileSync(file, "utf8"), file));
}

/** The in-process side: one Python process that answers line by line. */
async function startLoop(models) {
  const child = spawn(`${root}.venv-tools/bin/python`, ["-m", "triptych_tools.bench_loop", models], {
    env: { ...process.env, PYTHONPATH: `${root}tools:${root}src/repository/python`, OMP_NUM_THREADS: "1" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return {
    clip: async (variant, prompt, seed) => {
      child.stdin.write(`${JSON.stringify({ variant, prompt, seed })}\n`);
      return JSON.parse((await lines.next()).value).ms;
    },
    stop: () => child.kill(),
  };
}

/** What the in-process loop must know of the repository. */
function loopFacts(plan) {
  const { videoEncoder } = plan.spec.stages;
  const guidance = Object.entries(plan.spec.variants).map(([name, { sampler }]) => [
    name,
    sampler.guidance === "off" ? null : [sampler.guidance.highNoise, sampler.guidance.lowNoise],
  ]);
  const tensors = plan.contract.models;
  return {
    latent: tensors.vae_decoder.inputs[0].dims,
    tokens: tensors.tokenizer.outputs[0].dims[1],
    video: { ...videoEncoder, fps: plan.spec.video.fps },
    guidance: Object.fromEntries(guidance),
  };
}

const stageMs = (clip, stages) =>
  clip.stages.filter(({ stage }) => stages.includes(stage)).reduce((sum, { ms }) => sum + ms, 0);

/** A served wan-tiny and the in-process loop over the very same files. */
async function startBoth() {
  const plan = planOf("wan-tiny");
  const folder = `${root}out/bench/wan-tiny`;
  mkdirSync(folder, { recursive: true });
  await writeRepository(renderRepository(plan, await readRuntime()), folder);
  await linkWeights(plan, `${root}models/wan-tiny`, folder);
  writeFileSync(`${folder}/bench.json`, JSON.stringify(loopFacts(plan)));
  const loop = await startLoop(`${folder}/models`);
  const server = await startTriton({ kind: "embedded", modelRepository: `${folder}/models` });
  const studio = await connect(server.grpcEndpoint, { contract: plan.contract });
  const stop = async () => {
    await studio.close();
    await server.stop();
    loop.stop();
  };
  return { loop, studio, stop };
}

/** One clip by each side; which goes first changes each round, so that neither always follows the other. */
async function playRound({ loop, studio }, variant, round) {
  const request = { prompt: "a red circle moves right", seed: round + 1000 };
  const viaTriton = async () => {
    const started = performance.now();
    const clip = await studio.variants[variant].generate(request).result;
    return { triton: performance.now() - started, clip };
  };
  const first = round % 2 === 0 ? await viaTriton() : undefined;
  const loopMs = await loop.clip(variant, request.prompt, request.seed);
  const { triton, clip } = first ?? (await viaTriton());
  const denoise = stageMs(clip, ["high_noise", "low_noise"]);
  return {
    triton,
    loop: loopMs,
    denoise,
    whole: stageMs(
      clip,
      clip.stages.map(({ stage }) => stage),
    ),
  };
}

async function benchClips() {
  const both = await startBoth();
  const samples = { final: [], draft: [] };
  for (let round = -WARM_UP; round < rounds; round += 1) {
    for (const variant of ["final", "draft"]) {
      const sample = await playRound(both, variant, round);
      if (round >= 0) samples[variant].push(sample);
    }
  }
  await both.stop();
  const side = (name, variant, key) => ({ name, values: samples[variant].map((sample) => sample[key]) });
  const overhead = (variant, target) =>
    compare(
      `${variant}: Triton / in-process`,
      side(`${variant} through Triton`, variant, "triton"),
      side("in-process loop", variant, "loop"),
      target,
    );
  const speedUp = (name, key, target) =>
    compare(name, side("final", "final", key), side("draft", "draft", key), target);
  return [
    overhead("final", "≤ 1.10"),
    overhead("draft", "≤ 1.25"),
    speedUp("denoising: final / draft", "denoise", "≥ 8"),
    speedUp("whole clip on the server: final / draft", "whole", "reported"),
  ];
}

function processMs(words) {
  const started = performance.now();
  const { status } = spawnSync(process.execPath, words, { cwd: root, stdio: "ignore" });
  if (status !== 0) throw new Error(`node ${words.join(" ")} ended with ${status}`);
  return performance.now() - started;
}

function benchCommand() {
  const repository = ["dist/cli/main.js", "repository", "configs/wan2.2-t2v-a14b.yaml", "--out", "out/bench"];
  const samples = { ours: [], bare: [] };
  for (let round = -2; round < Math.min(rounds, 25); round += 1) {
    const ours = processMs(repository);
    const bare = processMs(["-e", "0"]);
    if (round < 0) continue;
    samples.ours.push(ours);
    samples.bare.push(bare);
  }
  const row = compare(
    "triptych repository (A14B) / bare node",
    { name: "repository", values: samples.ours },
    { name: "node -e 0", values: samples.bare },
    "≤ 400 ms more",
  );
  const more = samples.ours.map((value, index) => value - samples.bare[index]);
  console.log(`  ${median(more).toFixed(0)} ms more than bare node`);
  return [{ ...row, more: median(more) }];
}

function markdown(rows) {
  const line = (row) => {
    const spread = (range) => `${range[0].toFixed(1)}–${range[1].toFixed(1)}`;
    const extra = row.more === undefined ? "" : ` (${row.more.toFixed(0)} ms more)`;
    return `| ${row.name} | ${row.medianA.toFixed(1)} (${spread(row.iqrA)}) | ${row.medianB.toFixed(1)} (${spread(row.iqrB)}) | **${row.ratio.toFixed(2)}**${extra} | ${row.low.toFixed(2)}–${row.high.toFixed(2)} | ${row.n} | ${row.target} |`;
  };
  return [
    "# Performance",
    "",
    "Written by `node tools/bench.mjs --write` (`make bench` runs the same and only prints). Both sides of a comparison run in",
    "turns in one go; a ratio is that of the medians, its interval 95 % by resampling pairs. These are times of wan-tiny on",
    "a CPU: they show what Triptych and Triton add, not how fast a GPU is. Nothing here was run on a GPU.",
    "",
    `Machine: ${cpus()[0]?.model.trim() ?? "unknown"}, ${cpus().length} cores; Node ${process.versions.node}; embedded Triton 2.51; one thread a model.`,
    "",
    "| comparison | first, ms: median (quartiles) | second, ms: median (quartiles) | ratio | 95 % | n | target |",
    "|---|---|---|---|---|---|---|",
    ...rows.map(line),
    "",
    "The in-process loop is one Python process that does the same work as `final_stream` and `draft_stream` with the same ONNX",
    "files: tokenizer, text encoder, every denoising step, VAE decoder, MP4. What Triton adds is a call between processes for",
    "each step: about 0.8 ms to hand a step over and back, and about 0.6 ms within the expert's process, by Triton's own",
    "statistics. On a GPU at full size, where a step takes seconds, neither shows.",
    "",
  ].join("\n");
}

const rows = [...(await benchClips()), ...benchCommand()];
mkdirSync(`${root}out/bench`, { recursive: true });
writeFileSync(`${root}out/bench/results.json`, `${JSON.stringify(rows, null, 2)}\n`);
if (process.argv.includes("--write")) writeFileSync(`${root}docs/performance.md`, markdown(rows));
