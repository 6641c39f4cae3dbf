import { describe, expect, it } from "vitest";
import { TriptychError } from "../../errors/index.ts";
import { tensor } from "../../tensor/index.ts";
import { EVENT_LIMIT, EventQueue, PREVIEW_LIMIT } from "./event-queue.ts";
import type { ProgressEvent } from "./types.ts";

const event = (step: number, withPreview = false): ProgressEvent => ({
  stage: "low_noise",
  step,
  steps: 1000,
  elapsedMs: step,
  ...(withPreview ? { preview: tensor("UINT8", [1, 1, 3], new Uint8Array(3)) } : {}),
});

async function drain(queue: EventQueue): Promise<ProgressEvent[]> {
  const events: ProgressEvent[] = [];
  for (let next = await queue.next(); next.done !== true; next = await queue.next()) events.push(next.value);
  return events;
}

describe("EventQueue", () => {
  it("keeps the order, whether events or readers come first", async () => {
    const queue = new EventQueue();
    const early = [queue.next(), queue.next()];
    for (const step of [1, 2, 3]) queue.push(event(step));
    queue.end();
    expect((await Promise.all(early)).map(({ value }) => value?.step)).toEqual([1, 2]);
    expect((await drain(queue)).map(({ step }) => step)).toEqual([3]);
  });

  it("drops the oldest events when nobody reads", async () => {
    const queue = new EventQueue();
    for (let step = 1; step <= EVENT_LIMIT + 10; step += 1) queue.push(event(step));
    queue.end();
    const steps = (await drain(queue)).map(({ step }) => step);
    expect(steps).toHaveLength(EVENT_LIMIT);
    expect(steps[0]).toBe(11);
    expect(steps.at(-1)).toBe(EVENT_LIMIT + 10);
  });

  it("keeps only the newest pictures", async () => {
    const queue = new EventQueue();
    for (let step = 1; step <= 20; step += 1) queue.push(event(step, true));
    queue.end();
    const events = await drain(queue);
    expect(events).toHaveLength(20);
    const withPicture = events.filter(({ preview }) => preview !== undefined).map(({ step }) => step);
    expect(withPicture).toEqual([13, 14, 15, 16, 17, 18, 19, 20]);
    expect(withPicture).toHaveLength(PREVIEW_LIMIT);
  });

  it("ends readers that wait", async () => {
    const queue = new EventQueue();
    const waiting = [queue.next(), queue.next()];
    queue.end();
    expect((await Promise.all(waiting)).map(({ done }) => done)).toEqual([true, true]);
  });

  it("tells of a failure after the events before it, and again to whoever asks", async () => {
    const queue = new EventQueue();
    queue.push(event(1));
    queue.fail(new TriptychError("unreachable", "gone"));
    expect(await queue.next()).toMatchObject({ value: { step: 1 } });
    await expect(queue.next()).rejects.toThrow("gone");
    await expect(queue.next()).rejects.toThrow("gone");
  });

  it("tells readers that wait of a failure", async () => {
    const queue = new EventQueue();
    const waiting = queue.next();
    queue.fail(new TriptychError("unreachable", "gone"));
    await expect(waiting).rejects.toThrow("gone");
  });
});
