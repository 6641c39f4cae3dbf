// The sections of docs/performance.md.
import { cpus, loadavg } from "node:os";

const HEAD = [
  "| comparison | first: median (quartiles) | second: median (quartiles) | ratio | 95 % | n | target |",
  "|---|---|---|---|---|---|---|",
];

function line(row) {
  const spread = (range) => `${range[0].toFixed(1)}–${range[1].toFixed(1)}`;
  const extra = row.more === undefined ? "" : ` (${row.more.toFixed(0)} ms more)`;
  return `| ${row.name} | ${row.medianA.toFixed(1)} (${spread(row.iqrA)}) | ${row.medianB.toFixed(1)} (${spread(row.iqrB)}) | **${row.ratio.toFixed(2)}**${extra} | ${row.low.toFixed(2)}–${row.high.toFixed(2)} | ${row.n} | ${row.target} |`;
}

/** Where it was measured, and how busy that was: with others at work, times are a first look. */
function machine() {
  const [, busy] = loadavg();
  const model = cpus()[0]?.model.trim() ?? "unknown";
  return `Machine: ${model}, ${cpus().length} cores, load ${busy.toFixed(1)}; Node ${process.versions.node}; embedded Triton 2.51; one thread a model.`;
}

export function pipelineSection(rows) {
  return [
    "## The pipeline, commands and steps",
    "",
    "Times of wan-tiny on a CPU, in milliseconds: they show what Triptych and Triton add, not how fast a GPU is.",
    "",
    machine(),
    "",
    ...HEAD,
    ...rows.map(line),
    "",
    "The in-process loop is one Python process that does the same work as `final_stream` and `draft_stream` with the same ONNX",
    "files: tokenizer, text encoder, every denoising step, VAE decoder, MP4. What Triton adds is a call between processes for",
    "each step: about 0.8 ms to hand a step over and back, and about 0.6 ms within the expert's process, by Triton's own",
    "statistics. On a GPU at full size, where a step takes seconds, neither shows.",
    "",
  ].join("\n");
}

export function clientSection({ rows, layers, peaks }) {
  const layer = ({ name, us, n }) => `| ${name} | ${us.map(Math.round).join(" | ")} | ${n} |`;
  const peak = ({ name, median, range, n, target }) =>
    `| ${name} | **${median.toFixed(2)}** | ${range[0].toFixed(2)}–${range[1].toFixed(2)} | ${n} | ≤ ${target} |`;
  return [
    "## The client against tritonclient",
    "",
    "The official Python client (2.73.0: `grpc.aio` for small calls, the blocking one for large answers) and Triptych's call the",
    "same models of the same Triton, in turns. Milliseconds; a ratio above 1 is in Triptych's favour.",
    "",
    machine(),
    "",
    ...HEAD,
    ...rows.map(line),
    "",
    "Where the CPU time of a call of 4 KB goes: each layer does what the one above it does, and more; medians of 1000 calls, in",
    "turns in one process, microseconds of CPU a call.",
    "",
    "| layer | 32 at a time | 8 | 1 | n |",
    "|---|---|---|---|---|",
    ...layers.map(layer),
    "",
    "Most memory of a client while it gets one answer of 224 MB, over what it has before, as a part of the answer's size, each in a",
    "process of its own:",
    "",
    "| way | median | range | n | target |",
    "|---|---|---|---|---|",
    ...peaks.map(peak),
    "",
  ].join("\n");
}

/** The text with a section, known by its heading, in place of the one with that heading, or at the end. */
export function replaceSection(text, section) {
  const parts = text.split(/^(?=## )/m);
  const [heading] = section.split("\n");
  const at = parts.findIndex((part) => part.startsWith(`${heading}\n`));
  if (at === -1) return [...parts.map((part) => `${part.trimEnd()}\n\n`), section].join("");
  return parts
    .map((part, index) => (index === at ? `${section.trimEnd()}\n\n` : part))
    .join("")
    .trimEnd()
    .concat("\n");
}
