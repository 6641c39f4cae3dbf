// How long whole commands take, over bare node.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { compare, median } from "./compare.mjs";
import { ROOT as root } from "./root.mjs";

function processMs(words, env = {}) {
  const started = performance.now();
  const { status } = spawnSync(process.execPath, words, {
    cwd: root,
    stdio: "ignore",
    env: { ...process.env, ...env },
  });
  if (status !== 0) throw new Error(`node ${words.join(" ")} ended with ${status}`);
  return performance.now() - started;
}

/** A command against bare node, turn by turn. */
export function overNode(name, words, count, target) {
  const samples = { ours: [], bare: [] };
  for (let round = -2; round < count; round += 1) {
    const ours = processMs(words);
    const bare = processMs(["-e", "0"]);
    if (round < 0) continue;
    samples.ours.push(ours);
    samples.bare.push(bare);
  }
  const row = compare(
    `${name} / bare node`,
    { name, values: samples.ours },
    { name: "node -e 0", values: samples.bare },
    target,
  );
  const more = median(samples.ours.map((value, index) => value - samples.bare[index]));
  console.log(`  ${more.toFixed(0)} ms more than bare node`);
  return { ...row, more };
}

export function benchRepository(rounds) {
  const words = ["dist/cli/main.js", "repository", "configs/wan2.2-t2v-a14b.yaml", "--out", "out/bench"];
  return overNode("triptych repository (A14B)", words, Math.min(rounds, 25), "≤ 400 ms more");
}

const PARTS = ["text_encoder", "transformer", "transformer_2", "vae"];
const DISTILLED = ["distilled-4step/transformer", "distilled-4step/transformer_2"];
/** Together 100 GB: six engines. */
const ENGINE_BYTES = Math.ceil(100e9 / 6);

/** A checkpoint whose engines are sparse files of 100 GB together, made by the stand-ins of the tests. */
function prepareEngines(folder) {
  rmSync(folder, { recursive: true, force: true });
  for (const part of [...PARTS, ...DISTILLED]) {
    mkdirSync(`${folder}/weights/${part}`, { recursive: true });
    writeFileSync(`${folder}/weights/${part}/config.json`, "{}");
    writeFileSync(
      `${folder}/weights/${part}/model.safetensors`,
      new Uint8Array([2, 0, 0, 0, 0, 0, 0, 0, 123, 125]),
    );
  }
  mkdirSync(`${folder}/weights/tokenizer`, { recursive: true });
  for (const name of ["tokenizer/tokenizer.json", "model_index.json"])
    writeFileSync(`${folder}/weights/${name}`, "{}");
  writeFileSync(`${folder}/prompts.txt`, "a red circle\n");
  const spec = spawnSync(
    "sed",
    [
      "-e",
      "s#\\.\\./models/wan2.2-t2v-a14b#weights#",
      "-e",
      "s#calibration/wan2.2-t2v-a14b.txt#prompts.txt#",
      "configs/wan2.2-t2v-a14b.yaml",
    ],
    { cwd: root, encoding: "utf8" },
  );
  writeFileSync(`${folder}/spec.yaml`, spec.stdout);
}

/** `triptych engines` with nothing to do, where the artifacts are 100 GB. */
export function benchEngines(rounds) {
  const folder = `${root}out/bench/engines`;
  prepareEngines(folder);
  const bin = `${root}e2e/fixtures/bin`;
  for (const name of ["trtexec", "tools-python"]) chmodSync(`${bin}/${name}`, 0o755);
  const words = ["dist/cli/main.js", "engines", `${folder}/spec.yaml`, "--ignore-estimates"];
  words.push("--python", `${bin}/tools-python`, "--trtexec", `${bin}/trtexec`);
  const first = processMs(words, {
    FAKE_TRTEXEC: JSON.stringify({ version: [11, 2, 1, 2], bytes: ENGINE_BYTES }),
  });
  console.log(`  100 GB of engines made and read once in ${(first / 1000).toFixed(0)} s`);
  const row = overNode("triptych engines, nothing to do (100 GB)", words, Math.min(rounds, 25), "< 1 s");
  rmSync(folder, { recursive: true, force: true });
  return row;
}
