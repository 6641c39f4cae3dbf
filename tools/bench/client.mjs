// The client against tritonclient, both sides in turns against the same Triton.
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { analyze, hasAnalyzer } from "./analyzer.mjs";
import { compare } from "./compare.mjs";
import { startDelayRelay } from "./delay-relay.mjs";
import { benchLayers } from "./layers.mjs";
import { startLineProcess } from "./line-process.mjs";
import { measurePeaks } from "./peak.mjs";
import { ROOT as root } from "./root.mjs";

const { startTriton } = await import(`${process.env.TRIPTYCH_DIST ?? `${root}dist`}/index.js`);

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const SMALL_BYTES = 4096;
/** Requests of one sample, by how many are under way at a time. */
const REQUESTS = { 1: 300, 8: 800, 32: 1200 };
const LARGE = { "64 MB": 64e6, "224 MB": 81 * 720 * 1280 * 3 };

/** A Triton with the two models of this benchmark. */
async function startModels() {
  const folder = `${root}out/bench/client-models`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(here("models"), folder, { recursive: true });
  return startTriton({ kind: "embedded", modelRepository: folder });
}

/** The same order to both sides, in turns; who goes first changes each round. */
async function inTurns(sides, order, rounds, warmUp) {
  const answers = { official: [], ours: [] };
  for (let round = -warmUp; round < rounds; round += 1) {
    const names = round % 2 === 0 ? ["official", "ours"] : ["ours", "official"];
    for (const name of names) {
      const answer = await sides[name].ask({ ...order, ...order[name] });
      if (round >= 0) answers[name].push(answer);
    }
  }
  return answers;
}

const values = (answers, of) => ({
  official: { name: "tritonclient", values: answers.official.map(of) },
  ours: { name: "Triptych", values: answers.ours.map(of) },
});

/** Rows of both clients: more than 1 is for ours. */
function rowsOf(label, answers, measures) {
  return measures.map(([what, of, target]) => {
    const { official, ours } = values(answers, of);
    return compare(`${label}, ${what}: tritonclient / Triptych`, official, ours, target);
  });
}

async function smallRows(sides, endpoint, rounds) {
  const rows = [];
  for (const [concurrency, requests] of Object.entries(REQUESTS)) {
    const order = { what: "small", endpoint, bytes: SMALL_BYTES, requests, concurrency: Number(concurrency) };
    const answers = await inTurns(sides, order, rounds, 2);
    rows.push(
      ...rowsOf(`4 KB, ${concurrency} at a time`, answers, [
        ["1000 requests", ({ ms }) => (ms * 1000) / requests, "≥ 1.5"],
        ["median response", ({ p50 }) => p50, "≥ 1.5"],
        ["client CPU for 1000 requests", ({ cpuMs }) => (cpuMs * 1000) / requests, "reported"],
      ]),
    );
  }
  return rows;
}

/** The rate of the same calls by perf_analyzer, where it can be had: its measurements and ours in turns. */
async function analyzerRows(ours, endpoint, rounds, root) {
  if (!hasAnalyzer(root)) {
    console.log("perf_analyzer is not here; --perf-analyzer-root names a folder that has it");
    return [];
  }
  const rows = [];
  for (const [concurrency, requests] of Object.entries(REQUESTS)) {
    const order = { what: "small", endpoint, bytes: SMALL_BYTES, requests, concurrency: Number(concurrency) };
    const theirs = [];
    const mine = [];
    for (let round = 0; round < rounds; round += 1) {
      const more = ["--shape", `INPUT:${SMALL_BYTES}`];
      const { perSecond } = analyze({ root, endpoint, model: "echo", concurrency, seconds: 3, more });
      theirs.push(1e6 / perSecond);
      mine.push(((await ours.ask(order)).ms * 1000) / requests);
    }
    rows.push(
      compare(
        `4 KB, ${concurrency} at a time, 1000 requests: perf_analyzer / Triptych`,
        { name: "perf_analyzer", values: theirs },
        { name: "Triptych", values: mine },
        "reported",
      ),
    );
  }
  return rows;
}

async function largeRows(sides, { label, endpoint, shared, rounds, target }) {
  const rows = [];
  for (const [size, bytes] of Object.entries(LARGE)) {
    // By shared memory the comparison is with what the official client does over gRPC, and with its own shared memory.
    const order = { what: "large", endpoint, bytes, requests: 1, ours: { shared } };
    const answers = await inTurns(sides, order, rounds, 1);
    rows.push(...rowsOf(`${size} ${label}`, answers, [["one answer", ({ ms }) => ms[0], target]]));
    if (!shared) continue;
    const both = await inTurns(sides, { ...order, shared: true }, rounds, 1);
    rows.push(
      ...rowsOf(`${size} by shared memory of both`, both, [["one answer", ({ ms }) => ms[0], "reported"]]),
    );
  }
  return rows;
}

/** Both clients, each in a process of its own. */
function startSides() {
  return {
    official: startLineProcess(`${root}.venv-judge/bin/python`, [here("official.py")]),
    ours: startLineProcess(process.execPath, [here("client-side.mjs")]),
  };
}

/** The rows of small calls alone, and what CPU time each layer of one takes. */
export async function benchSmall(rounds, analyzerRoot) {
  const server = await startModels();
  const sides = startSides();
  try {
    const rows = [
      ...(await smallRows(sides, server.grpcEndpoint, rounds)),
      ...(await analyzerRows(sides.ours, server.grpcEndpoint, rounds, analyzerRoot)),
    ];
    return { rows, layers: await benchLayers(server.grpcEndpoint, rounds) };
  } finally {
    await Promise.all([sides.ours.stop(), sides.official.stop()]);
    await server.stop();
  }
}

/** Rows of the comparison with the official client, and what CPU a small call and what memory a large answer takes. */
export async function benchClient(rounds, analyzerRoot) {
  const server = await startModels();
  const endpoint = server.grpcEndpoint;
  const relay = await startDelayRelay(endpoint, 10);
  const sides = startSides();
  try {
    const few = Math.max(3, Math.ceil(rounds / 4));
    const far = {
      label: "over gRPC, 10 ms round trip",
      endpoint: relay.endpoint,
      rounds: few,
      target: "≥ 1.0",
    };
    return {
      rows: [
        ...(await smallRows(sides, endpoint, few * 2)),
        ...(await analyzerRows(sides.ours, endpoint, few, analyzerRoot)),
        ...(await largeRows(sides, { label: "over gRPC", endpoint, rounds: few, target: "≥ 1.0" })),
        ...(await largeRows(sides, far)),
        ...(await largeRows(sides, {
          label: "by shared memory against gRPC",
          endpoint,
          shared: true,
          rounds: few,
          target: "≥ 3",
        })),
      ],
      layers: await benchLayers(endpoint, few * 2),
      peaks: measurePeaks(endpoint, LARGE["224 MB"], few),
    };
  } finally {
    await Promise.all([sides.ours.stop(), sides.official.stop()]);
    relay.stop();
    await server.stop();
  }
}
