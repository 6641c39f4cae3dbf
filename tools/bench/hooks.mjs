// What timings, metrics and middlewares add to a call that carries next to nothing, against the same call without them.
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { compare } from "./compare.mjs";
import { ROOT as root } from "./root.mjs";

const { startTriton, tensor } = await import(`${root}dist/index.js`);
const { inferOnce } = await import(`${root}dist/client/inference/calls.js`);
const { observed } = await import(`${root}dist/client/observe/observed.js`);
const { openTransport } = await import(`${root}dist/client/transport/open.js`);

const CALLS = 100;
const MODEL = {
  name: "identity",
  contract: {
    inputs: [{ name: "INPUT", datatype: "FP32", dims: [-1] }],
    outputs: [{ name: "OUTPUT", datatype: "FP32", dims: [-1] }],
    decoupled: false,
    maxBatchSize: 0,
  },
};

/** A middleware that does nothing. */
const PASSING = {
  unary: (_, next) => next(),
};

/** The transport as if nobody watched: nothing is timed, counted or passed through. */
function bare(transport) {
  return {
    unary: (rpc, request, call) =>
      transport.unary(rpc, request, { ...call, watch: undefined, accept: undefined }),
  };
}

async function msOf(transport) {
  const inputs = { INPUT: tensor("FP32", [1024], new Float32Array(1024)) };
  const begun = performance.now();
  for (let call = 0; call < CALLS; call += 1) await inferOnce(transport, MODEL, inputs);
  return performance.now() - begun;
}

/** Milliseconds of a hundred calls of 4 KB, one after the other, in turns over one connection to one server. */
export async function benchHooks(rounds) {
  const models = `${root}out/bench/hooks`;
  rmSync(models, { recursive: true, force: true });
  mkdirSync(models, { recursive: true });
  cpSync(`${root}e2e/fixtures/models/identity`, `${models}/identity`, { recursive: true });
  const server = await startTriton({ kind: "embedded", modelRepository: models });
  const transport = await openTransport(server.grpcEndpoint);
  await transport.start(
    () => Promise.resolve(),
    () => ({}),
  );
  const sides = [bare(transport), observed(transport), observed(transport, { use: [PASSING] })];
  const values = sides.map(() => []);
  try {
    for (const side of sides) await msOf(side); // warm up
    for (let round = 0; round < rounds; round += 1) {
      // Each side is as often first as last.
      for (let turn = 0; turn < sides.length; turn += 1) {
        const at = (turn + round) % sides.length;
        values[at].push(await msOf(sides[at]));
      }
    }
  } finally {
    await transport.close();
    await server.stop();
  }
  const [plain, timed, passed] = values;
  const without = { name: "without", values: plain };
  return [
    compare(
      `${CALLS} calls: timed and counted / not`,
      { name: "timed and counted", values: timed },
      without,
      "≤ 1.05",
    ),
    compare(
      `${CALLS} calls: one middleware / none`,
      { name: "a middleware", values: passed },
      { name: "none", values: timed },
      "reported",
    ),
  ];
}
