// What `import "triptych-sdk/client"` takes of the processor, over bare node: CPU time, which says more than the clock
// where others are at work.
import { spawnSync } from "node:child_process";
import { compare, median } from "./compare.mjs";
import { ROOT as root } from "./root.mjs";

const TELL = "const { user, system } = process.cpuUsage(); console.log((user + system) / 1000);";

function cpuMs(script) {
  const words = ["--input-type=module", "--eval", `${script}\n${TELL}`];
  const { status, stdout } = spawnSync(process.execPath, words, { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`${script}: ended with ${status}`);
  return Number(stdout);
}

/** CPU milliseconds of a process that imports the client, against one that does nothing, turn by turn. */
export function benchStart(rounds) {
  const script = `await import(${JSON.stringify(`${root}dist/client-only.js`)});`;
  const samples = { ours: [], bare: [] };
  for (let round = -2; round < rounds; round += 1) {
    const turn = { ours: cpuMs(script), bare: cpuMs("") };
    if (round < 0) continue;
    for (const side of ["ours", "bare"]) samples[side].push(turn[side]);
  }
  const row = compare(
    'import "triptych-sdk/client", CPU / bare node',
    { name: "import", values: samples.ours },
    { name: "bare node", values: samples.bare },
    "≤ 150 ms more",
  );
  const more = median(samples.ours.map((value, index) => value - samples.bare[index]));
  console.log(`  ${more.toFixed(0)} ms more than bare node`);
  return { ...row, more };
}
