// Triptych's side of the client's benchmark: does what each line of stdin asks, and answers with a line.
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { ROOT as root } from "./root.mjs";

const { connect, tensor } = await import(`${process.env.TRIPTYCH_DIST ?? `${root}dist`}/index.js`);

const model = (input, dims) => ({
  inputs: [input],
  outputs: [{ name: "OUTPUT", datatype: "UINT8", dims }],
  decoupled: false,
  maxBatchSize: 0,
});
/** What the server says, but with the size of the answer: a client of a real pipeline knows it as well. */
const contractFor = (bytes) => ({
  pipeline: "bench",
  variants: {},
  models: {
    echo: model({ name: "INPUT", datatype: "UINT8", dims: [-1] }, [-1]),
    answer: model({ name: "BYTES", datatype: "INT32", dims: [1] }, [bytes]),
  },
});

const studios = new Map();
export async function studioFor({ endpoint, bytes, shared = false }) {
  const key = `${endpoint} ${bytes} ${shared}`;
  const options = { contract: contractFor(bytes), skipContractCheck: true, deadlineMs: 60_000 };
  if (!studios.has(key)) {
    studios.set(key, await connect(endpoint, { ...options, sharedMemory: shared && { required: true } }));
  }
  return studios.get(key);
}

function requireSize({ outputs }, bytes) {
  if (outputs.OUTPUT.data.length !== bytes) throw new Error("an answer of another size");
}

export async function echo(studio, bytes) {
  const INPUT = tensor("UINT8", [bytes], new Uint8Array(bytes).fill(7));
  requireSize(await studio.models.echo.infer({ INPUT }), bytes);
}

export async function answer(studio, bytes) {
  const BYTES = tensor("INT32", [1], Int32Array.of(bytes));
  requireSize(await studio.models.answer.infer({ BYTES }), bytes);
}

/** Runs the work and gives what it took. */
async function timed(work) {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

async function small(studio, { requests, concurrency, bytes }) {
  const took = [];
  let left = requests;
  const worker = async () => {
    while (left-- > 0) took.push(await timed(() => echo(studio, bytes)));
  };
  const ms = await timed(() => Promise.all(Array.from({ length: concurrency }, worker)));
  return { ms, p50: took.sort((a, b) => a - b)[Math.floor(took.length / 2)] };
}

async function large(studio, { bytes, requests }) {
  const ms = [];
  for (let round = 0; round < requests; round += 1) ms.push(await timed(() => answer(studio, bytes)));
  return { ms };
}

async function obey(order) {
  const studio = await studioFor(order);
  const before = process.cpuUsage();
  const result = await { small, large }[order.what](studio, order);
  const { user, system } = process.cpuUsage(before);
  return { ...result, cpuMs: (user + system) / 1000 };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for await (const line of createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await obey(JSON.parse(line))));
  }
  for (const studio of studios.values()) await studio.close();
}
