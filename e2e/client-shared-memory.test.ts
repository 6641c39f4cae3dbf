import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, readdirSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { connect, type SharedMemoryOptions } from "../src/client/index.ts";
import type { Contract } from "../src/model-config/index.ts";
import { startTriton, type TritonServer } from "../src/server/index.ts";
import { tensor } from "../src/tensor/index.ts";
import { startRelay } from "./fixtures/relay.ts";
import { ROOT, temporaryFolder } from "./support.ts";

const MODELS = ["identity", "chain", "pause"] as const;
/** The output is as long as the input, so its size is known before the call. */
const TENSOR = { datatype: "FP32", dims: [-1], dimNames: ["N"] } as const;
const SAME = {
  inputs: [{ name: "INPUT", ...TENSOR }],
  outputs: [{ name: "OUTPUT", ...TENSOR }],
  decoupled: false,
  maxBatchSize: 0,
} as const;
const CONTRACT = {
  pipeline: "fixtures",
  variants: {},
  models: { identity: SAME, chain: SAME, pause: SAME },
} as const satisfies Contract;

const MIB = 2 ** 20;
const values = Float32Array.from({ length: MIB }, (_, at) => Math.fround(Math.sin(at)));
const INPUT = tensor("FP32", [values.length], values);

let server: TritonServer;

beforeAll(async () => {
  const folder = temporaryFolder("shared-memory-models");
  for (const name of MODELS) {
    cpSync(path.join(ROOT, "e2e/fixtures/models", name), path.join(folder, name), { recursive: true });
  }
  server = await startTriton({ kind: "embedded", modelRepository: folder });
});

afterAll(async () => {
  await server.stop();
});

async function studioAt(endpoint: string, sharedMemory: boolean | SharedMemoryOptions) {
  const studio = await connect(endpoint, { contract: CONTRACT, sharedMemory });
  onTestFinished(() => studio.close());
  return studio;
}

/** Names of this project's regions in the machine's shared memory. */
const files = (): string[] => readdirSync("/dev/shm").filter((name) => name.startsWith("triptych-"));

describe("a studio with shared memory", () => {
  it.each(["identity", "chain"] as const)("sends and gets large tensors of %s by it", async (model) => {
    const relay = await startRelay(server.grpcEndpoint);
    const studio = await studioAt(relay.endpoint, { required: true });
    expect(studio.sharedMemory).toMatchObject({ active: true, reason: "" });
    const before = relay.bytes();
    for (let round = 0; round < 3; round += 1) {
      const { outputs } = await studio.models[model].infer({ INPUT });
      expect(Buffer.compare(bytesOf(outputs.OUTPUT.data), bytesOf(values))).toBe(0);
    }
    // 24 MiB of tensors went the other way.
    expect(relay.bytes() - before).toBeLessThan(64 * 1024);
    expect(studio.sharedMemory.use).toMatchObject({ regions: 2, leased: 0 });
    expect(files()).toEqual([]);
  });

  it("gives calls that run together memory of their own, and keeps within its limit", async () => {
    const studio = await studioAt(server.grpcEndpoint, { maxBytes: 20 * MIB });
    const answers = await Promise.all(
      [1, 2, 3, 4].map(async (factor) => {
        const data = values.map((value) => value * factor);
        const { outputs } = await studio.models.identity.infer({ INPUT: tensor("FP32", [MIB], data) });
        return Buffer.compare(bytesOf(outputs.OUTPUT.data), bytesOf(data));
      }),
    );
    expect(answers).toEqual([0, 0, 0, 0]);
    // Two calls at a time had a region of 8 MiB; what did not fit went over the connection.
    const use = { regions: 2, bytes: 16 * MIB, leased: 0 };
    await expect.poll(() => studio.sharedMemory.use).toEqual(use);
  });

  it("leaves small tensors, and outputs of unknown size, on the connection", async () => {
    const studio = await studioAt(server.grpcEndpoint, { minTensorBytes: 8 * MIB });
    await studio.models.identity.infer({ INPUT });
    expect(studio.sharedMemory.use).toMatchObject({ regions: 1, leased: 0 });
    const untyped = await connect(server.grpcEndpoint, { sharedMemory: true });
    onTestFinished(() => untyped.close());
    const { outputs } = await untyped.model("identity").infer({ INPUT });
    expect(outputs["OUTPUT"]?.data).toHaveLength(MIB);
    expect(untyped.sharedMemory.use.bytes).toBe(4096 + 4 * MIB);
  });

  it("uses no memory again that the server may still write to, and gives it back when it does not", async () => {
    const studio = await studioAt(server.grpcEndpoint, true);
    const given = studio.models.pause.infer({ INPUT }, { deadlineMs: 700 });
    await expect(given).rejects.toMatchObject({ code: "deadline-exceeded" });
    const names = (await studio.server.systemSharedMemory.status()).map(({ name }) => name);
    expect(names).toHaveLength(2);
    const { outputs } = await studio.models.identity.infer({ INPUT });
    expect(outputs.OUTPUT.data[1]).toBe(values[1]);
    await expect
      .poll(() => studio.sharedMemory.use, { timeout: 10_000 })
      .toMatchObject({ regions: 2, leased: 0 });
  });

  it("leaves nothing at the server or on the machine, with calls under way too", async () => {
    const studio = await connect(server.grpcEndpoint, { contract: CONTRACT, sharedMemory: true });
    await studio.models.identity.infer({ INPUT });
    const running = studio.models.identity.infer({ INPUT }).catch((reason: unknown) => reason);
    await studio.close();
    await running;
    const other = await connect(server.grpcEndpoint);
    onTestFinished(() => other.close());
    expect(await other.server.systemSharedMemory.status()).toEqual([]);
    expect(files()).toEqual([]);
  });

  it("is cleaned up after by the next one where its process was killed", async () => {
    const program = `
      import { connect, tensor } from "${ROOT}dist/index.js";
      const studio = await connect("${server.grpcEndpoint}", { sharedMemory: { required: true } });
      await studio.model("identity").infer({ INPUT: tensor("FP32", [${MIB}], new Float32Array(${MIB})) });
      console.log("done");
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program]);
    await once(child.stdout, "data");
    const other = await connect(server.grpcEndpoint);
    onTestFinished(() => other.close());
    const left = await other.server.systemSharedMemory.status();
    expect(left.map(({ byteSize }) => byteSize).toSorted((a, b) => a - b)).toEqual([4096, 4 * MIB]);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(files()).toEqual([]);
    const next = await studioAt(server.grpcEndpoint, true);
    const now = await next.server.systemSharedMemory.status();
    expect(now).toHaveLength(1);
    expect(left).not.toContainEqual(now[0]);
  });
});

describe("a server that is started anew", () => {
  it("gets large tensors over the connection once, then by memory that it knows", async () => {
    const studio = await studioAt(server.grpcEndpoint, true);
    await studio.models.identity.infer({ INPUT });
    // To the client this looks as a restart does: all that was registered is gone.
    await studio.server.systemSharedMemory.unregisterAll();
    const { outputs } = await studio.models.identity.infer({ INPUT });
    expect(outputs.OUTPUT.data[1]).toBe(values[1]);
    await studio.models.identity.infer({ INPUT });
    const known = await studio.server.systemSharedMemory.status();
    expect(known.map(({ byteSize }) => byteSize)).toEqual([8 * MIB]);
  });
});

describe("regions at the server", () => {
  it("are registered, listed and forgotten, or refused with the reason", async () => {
    const { systemSharedMemory: regions } = (await studioAt(server.grpcEndpoint, false)).server;
    const name = "made-by-nobody";
    await expect(regions.register({ name, key: `/${name}`, byteSize: 4096 })).rejects.toMatchObject({
      code: "shared-memory-unavailable",
      message: expect.stringContaining(`Unable to open shared memory region: '/${name}'`) as string,
    });
    await expect(regions.register({ name: "", key: "/x", byteSize: 1 })).rejects.toMatchObject({
      code: "request-invalid",
      message: "Shared memory, name: expected a name, got none.",
    });
    await expect(regions.register({ name: "x", key: "/x", byteSize: 0 })).rejects.toMatchObject({
      code: "request-invalid",
    });
    await regions.unregister(name);
    expect(await regions.status()).toEqual([]);
  });

  it("of GPUs are refused by a server that has none, in its own words", async () => {
    const { cudaSharedMemory } = (await studioAt(server.grpcEndpoint, false)).server;
    expect(await cudaSharedMemory.status()).toEqual([]);
    const region = { name: "gpu", deviceId: 0, byteSize: 4096, rawHandle: new Uint8Array(64) };
    await expect(cudaSharedMemory.register(region)).rejects.toMatchObject({
      code: "request-invalid",
      message: expect.stringContaining("failed to register shared memory region") as string,
    });
  });
});

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
