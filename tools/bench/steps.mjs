// A step of wan-tiny's experts made light, against the same step in FP32, in onnxruntime.
import { spawnSync } from "node:child_process";
import { compare } from "./compare.mjs";
import { ROOT as root } from "./root.mjs";

const TARGETS = { int8: "≥ 1.3", fp16: "reported", pruned: "≥ 1.5" };

/** Milliseconds of each step by each graph, in turns in one process. */
export function benchSteps(rounds) {
  const { status, stdout } = spawnSync(
    `${root}.venv-tools/bin/python`,
    [
      "-m",
      "triptych_tools.wan_tiny.bench_steps",
      `${root}models/wan-tiny`,
      `${root}out/bench/steps`,
      String(rounds * 10),
    ],
    {
      cwd: root,
      encoding: "utf8",
      env: { ...process.env, PYTHONPATH: `${root}tools:${root}src/repository/python`, OMP_NUM_THREADS: "1" },
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  if (status !== 0) throw new Error(`bench_steps ended with ${status}`);
  return JSON.parse(stdout.trim().split("\n").at(-1)).map(({ name, light, fp32, ms }) =>
    compare(
      `a step: FP32 / ${name}`,
      { name: "FP32", values: ms.map(([, full]) => full) },
      { name: `${name} (${(light / fp32).toFixed(2)} of the size)`, values: ms.map(([ours]) => ours) },
      TARGETS[name.split(" ")[0]] ?? "reported",
    ),
  );
}
