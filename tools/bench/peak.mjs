// How much memory a client takes at most for one large answer, over what it takes without.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { median } from "./compare.mjs";

const WAYS = {
  "over gRPC": { shared: false, target: 3.3 },
  "by shared memory": { shared: true, target: 1.3 },
};

/** Kilobytes as Linux tells of this process: VmRSS is now, VmHWM the most there ever was. */
const kilobytes = (field) =>
  Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(readFileSync("/proc/self/status", "utf8"))[1]);

/** In a process of its own: one answer, and the peak over the memory before it, as a part of its size. */
async function measureOne({ endpoint, bytes, shared }) {
  const { answer, echo, studioFor } = await import("./client-side.mjs");
  const studio = await studioFor({ endpoint, bytes, shared });
  await echo(studio, 4096);
  writeFileSync("/proc/self/clear_refs", "5"); // begins the peak anew
  const before = kilobytes("VmRSS");
  await answer(studio, bytes);
  console.log(((kilobytes("VmHWM") - before) * 1024) / bytes);
  await studio.close();
}

/** Peak memory of one answer by each way, each time in a fresh process. */
export function measurePeaks(endpoint, bytes, count) {
  return Object.entries(WAYS).map(([name, { shared, target }]) => {
    const order = JSON.stringify({ endpoint, bytes, shared });
    const peaks = Array.from({ length: count }, () =>
      Number(execFileSync(process.execPath, [fileURLToPath(import.meta.url), order], { encoding: "utf8" })),
    ).sort((a, b) => a - b);
    const row = { name, n: count, median: median(peaks), range: [peaks[0], peaks.at(-1)], target };
    console.log(
      `peak memory of one answer ${name}: ${row.median.toFixed(2)} of its size ` +
        `(${row.range.map((value) => value.toFixed(2)).join(" to ")}), n = ${count}; target ≤ ${target}`,
    );
    return row;
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await measureOne(JSON.parse(process.argv[2]));
