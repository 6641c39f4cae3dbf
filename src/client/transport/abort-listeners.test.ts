import { getEventListeners } from "node:events";
import { expect, it } from "vitest";
import { onAbort } from "./abort-listeners.ts";

const listeners = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;

it("calls all back by one listener, but for those that went before", () => {
  const controller = new AbortController();
  const { signal } = controller;
  const called: number[] = [];
  const leave = Array.from({ length: 30 }, (_, at) => onAbort(signal, () => called.push(at)));
  expect(listeners(signal)).toBe(1);
  for (const at of [0, 1, 2]) leave[at]?.();
  controller.abort();
  expect(called).toEqual(Array.from({ length: 27 }, (_, at) => at + 3));
});

it("leaves nothing at a signal that nobody waits for, and can begin anew", () => {
  const { signal } = new AbortController();
  const callback = (): void => undefined;
  const first = onAbort(signal, callback);
  const second = onAbort(signal, callback);
  first();
  expect(listeners(signal)).toBe(1);
  second();
  second();
  expect(listeners(signal)).toBe(0);
  onAbort(signal, callback)();
  expect(listeners(signal)).toBe(0);
  onAbort(undefined, callback)();
});
