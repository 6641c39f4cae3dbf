import { createServer, type ServerHttp2Stream } from "node:http2";
import { onTestFinished } from "vitest";

/** Answers one call by whatever bytes it likes; `rpc` is the name of the call. */
export type Misbehaviour = (stream: ServerHttp2Stream, rpc: string) => void;

/** An HTTP/2 server that knows nothing of gRPC's rules; gone when the test is over. */
export async function serveBytes(misbehave: Misbehaviour): Promise<string> {
  const server = createServer();
  const sessions = new Set<{ destroy(): void }>();
  server.on("session", (session) => {
    sessions.add(session.on("error", () => undefined));
  });
  server.on("stream", (stream, headers) => {
    stream.on("error", () => undefined);
    misbehave(stream, String(headers[":path"]).split("/").at(-1) ?? "");
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  const address = server.address();
  return `127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
}

/** Bytes as gRPC frames a message. */
export function frame(bytes: Uint8Array, { compressed = false, length = bytes.length } = {}): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(compressed ? 1 : 0, 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, bytes]);
}

/** Sends frames and a status, as a gRPC server does. */
export function reply(
  stream: ServerHttp2Stream,
  frames: readonly Uint8Array[],
  trailers: Readonly<Record<string, string>> = { "grpc-status": "0" },
  headers: Readonly<Record<string, string>> = {},
): void {
  stream.once("wantTrailers", () => {
    stream.sendTrailers(trailers);
  });
  stream.respond(
    { ":status": 200, "content-type": "application/grpc", ...headers },
    { waitForTrailers: true },
  );
  for (const one of frames) stream.write(one);
  stream.end();
}

/** Numbers from 0 to below 1, the same for the same seed. */
export function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
