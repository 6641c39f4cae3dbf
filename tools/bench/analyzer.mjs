// NVIDIA's perf_analyzer. Its wheel (pip install perf-analyzer) asks for glibc 2.38; where the system is older, a folder with a
// newer one (such as debootstrap makes) that has perf_analyzer in its /usr/local/bin does as well.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const MIB = 2 ** 20;

/** Runs a program to its end and gives what it said. */
export function run(file, words, cwd) {
  const { status, stdout, stderr, error } = spawnSync(file, words, {
    cwd,
    encoding: "utf8",
    maxBuffer: 64 * MIB,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${file} ${words.join(" ")} ended with ${status}\n${stdout}\n${stderr}`);
  return stdout;
}

/** It adds up three windows, each a fifth longer than it is told, and looks whether they are alike: any will do. */
function windows(seconds) {
  const ms = Math.round((1000 * seconds) / 3 / 1.2);
  return ["--measurement-interval", `${ms}`, "--max-trials", "3", "--stability-percentage", "999"];
}

function number(text, pattern) {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`perf_analyzer says nothing of ${pattern}:\n${text}`);
  return Number(found);
}

/** Requests a second and the median time of one in milliseconds, of that many at a time, and all that it says. */
export function analyze({ root, endpoint, model, concurrency, seconds, data, more = [] }) {
  // It sees the folder under another name where it has a system of its own.
  const folder = mkdtempSync(path.join(root ?? "", tmpdir(), "triptych-pa-"));
  const seen = root === undefined ? folder : `/${path.relative(root, folder)}`;
  if (data !== undefined) writeFileSync(path.join(folder, "input.json"), JSON.stringify({ data: [data] }));
  const words = [
    ...["-m", model, "-i", "grpc", "-u", endpoint, "--concurrency-range", `${concurrency}`],
    ...["--warmup-request-count", `${2 * concurrency}`, ...windows(seconds), ...more],
    ...(data === undefined ? [] : ["--input-data", `${seen}/input.json`]),
  ];
  try {
    const text =
      root === undefined
        ? run("perf_analyzer", words, folder)
        : run("chroot", [root, "perf_analyzer", ...words], folder);
    return {
      perSecond: number(text, /Throughput: ([\d.]+) infer\/sec/),
      p50: number(text, /p50 latency: (\d+) usec/) / 1000,
      text,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether it can be had. */
export function hasAnalyzer(root) {
  const { error } =
    root === undefined ? spawnSync("perf_analyzer", []) : spawnSync("chroot", [root, "perf_analyzer"]);
  return error === undefined;
}
