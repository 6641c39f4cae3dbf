// How long `triptych lint` takes, and whether that grows with the number of models and no faster.
// `node tools/bench/lint.mjs [rounds]` measures it alone; it needs dist/ only.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { overNode } from "./commands.mjs";
import { ROOT as root } from "./root.mjs";

const CODE = "class TritonPythonModel:\n    def execute(self, requests):\n        return []\n";
const IO = [
  "max_batch_size: 8",
  'input { name: "IN" data_type: TYPE_FP32 dims: [ 4 ] }',
  'output { name: "OUT" data_type: TYPE_FP32 dims: [ 4 ] }',
];

function member(name) {
  return [
    `name: "${name}"`,
    'backend: "python"',
    ...IO,
    "instance_group { count: 1 kind: KIND_CPU }",
    "dynamic_batching { default_queue_policy { max_queue_size: 8 } }",
    'parameters { key: "file" value { string_value: "model.onnx" } }',
    "",
  ].join("\n");
}

function step(model, from, to) {
  return `  step { model_name: "${model}" model_version: -1 input_map { key: "IN" value: "${from}" } output_map { key: "OUT" value: "${to}" } }`;
}

/** A repository in which every tenth model is an ensemble of the two before it. */
function prepare(folder, count) {
  rmSync(folder, { recursive: true, force: true });
  for (let index = 0; index < count; index += 1) {
    const name = `m${index}`;
    const isEnsemble = index % 10 === 9;
    const steps = [step(`m${index - 1}`, "IN", "MIDDLE"), step(`m${index - 2}`, "MIDDLE", "OUT")];
    const ensemble = [
      `name: "${name}"`,
      'platform: "ensemble"',
      ...IO,
      "ensemble_scheduling {",
      ...steps,
      "}",
      "",
    ];
    mkdirSync(`${folder}/${name}/1`, { recursive: true });
    writeFileSync(`${folder}/${name}/config.pbtxt`, isEnsemble ? ensemble.join("\n") : member(name));
    writeFileSync(`${folder}/${name}/1/${isEnsemble ? ".keep" : "model.py"}`, isEnsemble ? "" : CODE);
  }
}

/** The whole process against bare node, for 10 models and more. */
export function benchLint(rounds) {
  const rows = [10, 100, 300, 1000].map((count) => {
    const folder = `${root}out/bench/lint-${count}`;
    prepare(folder, count);
    const words = ["dist/cli/main.js", "lint", folder];
    const target = count === 300 ? "≤ 500 ms more" : "grows as the models do";
    const row = overNode(`triptych lint (${count} models)`, words, Math.min(rounds, 15), target);
    rmSync(folder, { recursive: true, force: true });
    return row;
  });
  const [, hundred, , thousand] = rows;
  console.log(
    `  a model costs ${((thousand.more - hundred.more) / 900).toFixed(2)} ms from 100 to 1,000 of them`,
  );
  return rows;
}

if (process.argv[1]?.endsWith("bench/lint.mjs")) benchLint(Number(process.argv[2] ?? 15));
