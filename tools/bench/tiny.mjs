// wan-tiny as it is served.
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { ROOT as root } from "./root.mjs";

const { linkWeights, parseSpec, planPipeline, readRuntime, renderRepository, startTriton, writeRepository } =
  await import(`${root}dist/index.js`);

/** Plans a spec of configs/. */
function planOf(name) {
  const file = `${root}configs/${name}.yaml`;
  return planPipeline(parseSpec(readFileSync(file, "utf8"), file));
}

/** Writes wan-tiny's repository below out/bench/ and serves it; `change` gets the folder of its models before that. */
export async function serveTiny(name, change = undefined) {
  const plan = planOf("wan-tiny");
  const folder = `${root}out/bench/${name}`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await writeRepository(renderRepository(plan, await readRuntime()), folder);
  await linkWeights(plan, `${root}models/wan-tiny`, folder);
  change?.(`${folder}/models`);
  const server = await startTriton({ kind: "embedded", modelRepository: `${folder}/models` });
  return { plan, folder, server };
}
