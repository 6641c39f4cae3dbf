// Measures what docs/performance.md shows: both sides of each comparison in one run, turn by turn, as a ratio with its
// n and spread. `node tools/bench.mjs [rounds] [--write]`; --write puts the results into docs/performance.md.
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { benchClips } from "./bench/clips.mjs";
import { benchEngines, benchRepository } from "./bench/commands.mjs";
import { benchLint } from "./bench/lint.mjs";
import { ROOT as root } from "./bench/root.mjs";
import { benchSteps } from "./bench/steps.mjs";

const rounds = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 40);

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

const rows = [
  ...(await benchClips(rounds)),
  benchRepository(rounds),
  benchEngines(rounds),
  ...benchLint(rounds),
  ...benchSteps(rounds),
];
mkdirSync(`${root}out/bench`, { recursive: true });
writeFileSync(`${root}out/bench/results.json`, `${JSON.stringify(rows, null, 2)}\n`);
if (process.argv.includes("--write")) writeFileSync(`${root}docs/performance.md`, markdown(rows));
