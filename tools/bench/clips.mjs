// A clip through Triton against the same work in one process, and the draft against the final.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { compare } from "./compare.mjs";
import { ROOT as root } from "./root.mjs";
import { serveTiny } from "./tiny.mjs";

const { connect } = await import(`${root}dist/index.js`);
const WARM_UP = 4;

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
  const { plan, folder, server } = await serveTiny("wan-tiny");
  writeFileSync(`${folder}/bench.json`, JSON.stringify(loopFacts(plan)));
  const loop = await startLoop(`${folder}/models`);
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

export async function benchClips(rounds) {
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
