// Measures what docs/performance.md shows: both sides of each comparison in one run, turn by turn, as a ratio with its
// n and spread. `node tools/bench.mjs [rounds] [--only pipeline|client|small] [--write] [--perf-analyzer-root FOLDER]`; --write puts
// the results into the sections of docs/performance.md that were measured. small is the part of client that has the small
// calls, which it runs by itself. What the folder is for, bench/analyzer.mjs says.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { ROOT as root } from "./bench/root.mjs";
import { clientSection, pipelineSection, replaceSection } from "./bench/sections.mjs";

const rounds = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 40);
const valueOf = (flag) =>
  process.argv.includes(flag) ? process.argv[process.argv.indexOf(flag) + 1] : undefined;
const only = valueOf("--only");
const analyzerRoot = valueOf("--perf-analyzer-root");

async function pipeline() {
  const { benchClips } = await import("./bench/clips.mjs");
  const { benchEngines, benchRepository } = await import("./bench/commands.mjs");
  const { benchLint } = await import("./bench/lint.mjs");
  const { benchRecording } = await import("./bench/recording.mjs");
  const { benchSteps } = await import("./bench/steps.mjs");
  const { benchHooks } = await import("./bench/hooks.mjs");
  const { benchStart } = await import("./bench/start.mjs");
  return [
    ...(await benchClips(rounds)),
    benchRepository(rounds),
    benchEngines(rounds),
    benchStart(Math.min(rounds, 25)),
    ...benchLint(rounds),
    ...benchSteps(rounds),
    ...(await benchHooks(rounds)),
    await benchRecording(rounds),
  ];
}

async function client() {
  const { benchClient } = await import("./bench/client.mjs");
  return benchClient(rounds, analyzerRoot);
}

async function small() {
  const { benchSmall } = await import("./bench/client.mjs");
  return benchSmall(rounds, analyzerRoot);
}

const PARTS = {
  pipeline: { measure: pipeline, section: pipelineSection },
  client: { measure: client, section: clientSection },
};
// Printed only: its rows are among those of the client.
if (only === "small") PARTS.small = { measure: small };

const results = {};
for (const [name, { measure }] of Object.entries(PARTS)) {
  if (only === undefined || only === name) results[name] = await measure();
}
mkdirSync(`${root}out/bench`, { recursive: true });
writeFileSync(`${root}out/bench/results.json`, `${JSON.stringify(results, null, 2)}\n`);
if (process.argv.includes("--write")) {
  const file = `${root}docs/performance.md`;
  const sections = Object.entries(results).flatMap(([name, result]) => PARTS[name].section?.(result) ?? []);
  writeFileSync(file, sections.reduce(replaceSection, readFileSync(file, "utf8")));
}
