import { cpSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Compression, connect, type OpenStudio } from "../src/client/index.ts";
import { startTriton, type TritonServer } from "../src/server/index.ts";
import { type Tensor, tensor } from "../src/tensor/index.ts";
import { type Relay, startRelay } from "./fixtures/relay.ts";
import { ROOT, temporaryFolder } from "./support.ts";

const MEBIBYTE = 2 ** 20;
/** A mebibyte with much that repeats. */
const INPUT = tensor("FP32", [MEBIBYTE / 4], new Float32Array(MEBIBYTE / 4).fill(0.5));
const BYTES = Buffer.from(INPUT.data.buffer);

/** Servers by how they pack their answers. */
const servers: Partial<Record<"none" | "high", TritonServer>> = {};

beforeAll(async () => {
  const folder = temporaryFolder("compression-models");
  for (const name of ["identity", "repeat"])
    cpSync(path.join(ROOT, "e2e/fixtures/models", name), path.join(folder, name), { recursive: true });
  for (const level of ["none", "high"] as const) {
    const flags = level === "none" ? [] : [`--grpc-infer-response-compression-level=${level}`];
    servers[level] = await startTriton({ kind: "embedded", modelRepository: folder, flags });
  }
});

afterAll(async () => {
  for (const server of Object.values(servers)) await server.stop();
});

async function connected(
  level: "none" | "high",
  compression?: Compression,
): Promise<{ studio: OpenStudio; relay: Relay }> {
  const relay = await startRelay(servers[level]?.grpcEndpoint ?? "");
  const studio = await connect(relay.endpoint, { compression });
  onTestFinished(() => studio.close());
  return { studio, relay };
}

/** Mebibytes of the wire that one call took, both ways; what came back is what was sent. */
async function wireOf(
  level: "none" | "high",
  compression?: Compression,
): Promise<{ sent: number; received: number }> {
  const { studio, relay } = await connected(level, compression);
  const identity = studio.model("identity");
  await identity.contract();
  const before = { sent: relay.sent(), received: relay.received() };
  const { outputs } = await identity.infer({ INPUT });
  const { data } = outputs["OUTPUT"] as Tensor<"FP32">;
  expect(Buffer.from(data.buffer, data.byteOffset, data.byteLength).equals(BYTES)).toBe(true);
  return {
    sent: (relay.sent() - before.sent) / MEBIBYTE,
    received: (relay.received() - before.received) / MEBIBYTE,
  };
}

describe("messages", () => {
  it("go as they are where nothing is said", async () => {
    const { sent, received } = await wireOf("none");
    expect(sent).toBeGreaterThan(1);
    expect(received).toBeGreaterThan(1);
  });

  it.each(["gzip", "deflate"] as const)(
    "are packed by %s on their way to the server",
    async (compression) => {
      const { sent, received } = await wireOf("none", compression);
      expect(sent).toBeLessThan(0.02);
      expect(received).toBeGreaterThan(1);
    },
  );

  it.each([undefined, "gzip"] as const)("come packed from a server that packs (asked: %s)", async (asked) => {
    const { sent, received } = await wireOf("high", asked);
    if (asked === undefined) expect(sent).toBeGreaterThan(1);
    else expect(sent).toBeLessThan(0.02);
    expect(received).toBeLessThan(0.02);
  });

  it("of streams are packed as well", async () => {
    const { studio, relay } = await connected("none", "gzip");
    const TEXT = tensor("BYTES", [1], ["four ".repeat(MEBIBYTE / 5)]);
    const inputs = { TIMES: tensor("INT32", [1], Int32Array.of(2)), TEXT };
    const echoes: (Tensor | undefined)[] = [];
    for await (const { outputs } of studio.model("repeat").stream(inputs)) {
      if (outputs["ECHO"] !== undefined) echoes.push(outputs["ECHO"]);
    }
    expect(echoes.map((echo) => echo?.data.length)).toEqual([1, 1]);
    expect(Buffer.from(echoes[1]?.data[0] as Uint8Array).equals(Buffer.from(TEXT.data[0] ?? ""))).toBe(true);
    expect(relay.sent() / MEBIBYTE).toBeLessThan(0.02);
    expect(relay.received() / MEBIBYTE).toBeGreaterThan(2);
  });
});
