import { getEventListeners } from "node:events";
import { status as Status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { tensor } from "../../tensor/index.ts";
import { connect } from "../connect.ts";
import { toy } from "../testing/contract.ts";
import { firstOf, progressOf } from "../testing/messages.ts";
import { startProxy } from "../testing/proxy.ts";
import { playClip, serve, studioFor } from "../testing/toy-server.ts";

const COUNT = 500;

/** What would keep a process alive, by kind. */
function resources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
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
