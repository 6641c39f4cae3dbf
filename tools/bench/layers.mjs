// Where the CPU time of a small call goes: the same call of 4 KB by Node's HTTP/2 alone, by grpc-js without and with its
// messages, and by Triptych, in turns in this process. Each layer does all that the one before it does, and more.
import { connect as http2Connect } from "node:http2";
import { echo, studioFor } from "./client-side.mjs";
import { median } from "./compare.mjs";
import { ROOT as root } from "./root.mjs";

const { Client, credentials } = await import("@grpc/grpc-js");
const { rpc } = await import(`${root}dist/client/protocol/service.js`);

const BYTES = 4096;
const CALLS = 1000;
const AT_A_TIME = [32, 8, 1];

const { path, serialize, deserialize } = rpc("ModelInfer");
const request = () => ({
  model_name: "echo",
  id: "",
  parameters: {},
  inputs: [{ name: "INPUT", datatype: "UINT8", shape: [BYTES] }],
  outputs: [{ name: "OUTPUT" }],
  raw_input_contents: [new Uint8Array(BYTES).fill(7)],
});

/** A message as gRPC frames it: a byte that says it is not packed, and its length. */
function framed(message) {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** A request that was written before, and an answer that nobody reads: what no client of gRPC over `node:http2` goes below. */
function overHttp2(endpoint) {
  const session = http2Connect(`http://${endpoint}`);
  const headers = { ":method": "POST", ":path": path, te: "trailers", "content-type": "application/grpc" };
  const body = framed(serialize(request()));
  const call = () =>
    new Promise((resolve, reject) => {
      const stream = session.request(headers);
      let bytes = 0;
      let status;
      stream.on("data", (chunk) => {
        bytes += chunk.length;
      });
      stream.on("trailers", (trailers) => {
        status = trailers["grpc-status"];
      });
      stream.on("error", reject);
      stream.on("close", () => {
        if (status === "0" && bytes > BYTES) resolve();
        else reject(new Error(`grpc-status ${status}, ${bytes} bytes`));
      });
      stream.end(body);
    });
  return { call, close: () => session.close() };
}

function overGrpcJs(endpoint, write, read) {
  const client = new Client(endpoint, credentials.createInsecure());
  const call = () =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, write, read, request(), (error, answer) => {
        if (error === null && answer !== undefined) resolve(answer);
        else reject(error);
      });
    });
  return { call, close: () => client.close() };
}

async function overTriptych(endpoint) {
  const studio = await studioFor({ endpoint, bytes: BYTES });
  return { call: () => echo(studio, BYTES), close: () => studio.close() };
}

/** Microseconds of CPU of this process for one call. */
async function cpuOf({ call }, concurrency) {
  let left = CALLS;
  const work = async () => {
    while (left-- > 0) await call();
  };
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: concurrency }, work));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / CALLS;
}

/** For each layer its microseconds of CPU a call, by how many are under way at a time. */
export async function benchLayers(endpoint, rounds) {
  const written = serialize(request());
  const layers = {
    "node:http2, bytes that were written before": overHttp2(endpoint),
    "grpc-js, the same bytes": overGrpcJs(
      endpoint,
      () => written,
      (bytes) => bytes,
    ),
    "grpc-js, messages by proto-loader": overGrpcJs(endpoint, serialize, deserialize),
    "Triptych's client": await overTriptych(endpoint),
  };
  const names = Object.keys(layers);
  const spent = Object.fromEntries(names.map((name) => [name, AT_A_TIME.map(() => [])]));
  for (let round = -1; round < rounds; round += 1) {
    for (const [at, concurrency] of AT_A_TIME.entries()) {
      // Each is as often first as last.
      for (let turn = 0; turn < names.length; turn += 1) {
        const name = names[(turn + round + names.length) % names.length];
        const us = await cpuOf(layers[name], concurrency);
        if (round >= 0) spent[name][at].push(us);
      }
    }
  }
  for (const layer of Object.values(layers)) await layer.close();
  const rows = names.map((name) => ({ name, n: rounds, us: spent[name].map(median) }));
  for (const { name, us } of rows)
    console.log(
      `CPU of a 4 KB call at ${AT_A_TIME.join(", ")}: ${us.map(Math.round).join(", ")} us, ${name}`,
    );
  return rows;
}
