import { getEventListeners } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { status as Status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { tensor } from "../../tensor/index.ts";
import { connect } from "../connect.ts";
import { toy } from "../testing/contract.ts";
import { firstOf, progressOf } from "../testing/messages.ts";
import { startProxy } from "../testing/proxy.ts";
import { playClip, serve, studioFor } from "../testing/toy-server.ts";

const COUNT = 500;
const CALLS = 10_000;
const STREAMS = 2000;

/** Makes so many calls, 50 at a time. */
async function inTurn(count: number, call: () => Promise<unknown>): Promise<void> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await call();
    }
  };
  await Promise.all(Array.from({ length: 50 }, worker));
}

/** Bytes that are really in use. */
function heapUsed(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

/** What would keep a process alive, by kind; what runs in the next turn of its loop does not count. */
function resources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) {
    if (kind !== "Immediate") counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

describe("many calls on one signal", () => {
  it(`leave nothing behind: ${COUNT} streams, finished, left or failed, and as many unary calls`, async () => {
    const controller = new AbortController();
    const { server, studio } = await studioFor({
      ModelStreamInfer: (stream) => {
        const turn = (server.streams.length - 1) % 3;
        if (turn === 0) playClip(stream);
        else if (turn === 1) stream.send(progressOf("tokenizer", 1, 1, 1));
        else stream.fail(Status.INTERNAL, "boom");
      },
    });
    const options = { signal: controller.signal };
    await studio.draft.generate({ prompt: "warm up" }, options).result;
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on("warning", note);
    const before = resources();
    const ids = tensor("INT64", [2, 1], new BigInt64Array(2));
    for (let turn = 0; turn < COUNT; turn += 1) {
      const run = studio.draft.generate({ prompt: "a" }, options);
      try {
        await firstOf(run);
      } catch {
        // every third fails, which is what is asked of it
      }
      await run.result.catch(() => undefined);
      await studio.models.text_encoder.infer({ TOKEN_IDS: ids }, options).catch(() => undefined);
    }
    process.off("warning", note);
    expect(server.streams).toHaveLength(COUNT + 1);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    expect(warnings).toEqual([]);
    await expect.poll(resources, { timeout: 5000 }).toEqual(before);
  }, 120_000);

  it(`leave no memory: ${CALLS} calls and ${STREAMS} streams, many at a time`, async () => {
    const { server, studio } = await studioFor();
    const forget = server.streams as unknown[];
    const round = async (part: number): Promise<number> => {
      await inTurn(CALLS / part, () => studio.server.live());
      await inTurn(STREAMS / part, () => studio.draft.generate({ prompt: "a" }).result);
      forget.length = 0;
      (server.requests as unknown[]).length = 0;
      return heapUsed();
    };
    const settled = await round(10);
    const before = resources();
    const grown = (await round(1)) - settled;
    expect(grown).toBeLessThan(10e6); // less than 1 kB a call
    expect(studio.endpoints()[0]?.inFlight).toBe(0);
    await expect.poll(resources, { timeout: 5000 }).toEqual(before);
  }, 300_000);

  it("leave no connection once the studio is closed", async () => {
    const server = await serve();
    const proxy = await startProxy(server.port);
    const studio = await connect(proxy.endpoint, { contract: toy });
    await studio.draft.generate({ prompt: "a" }).result;
    expect(proxy.connections()).toBe(2); // the client's, and the relay's own to the server
    await studio.close();
    await expect.poll(proxy.connections).toBe(0);
  });
});
