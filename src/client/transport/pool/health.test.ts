import { describe, expect, it } from "vitest";
import { Health } from "./health.ts";

/** A health with a clock and a die of the test's. */
function manual(random = 1) {
  const clock = { now: 1000 };
  const health = new Health(
    () => random,
    () => clock.now,
  );
  return { clock, health };
}

describe("the health of an endpoint", () => {
  it("is unknown at first, and ready once a probe was answered", () => {
    const { health } = manual();
    expect(health).toMatchObject({ status: "ejected", reason: "not asked yet", msToProbe: 0 });
    health.probed();
    expect(health).toMatchObject({ status: "ready", reason: undefined });
  });

  it("is ejected by one failure, on trial after a probe, and ready after a call", () => {
    const { clock, health } = manual();
    health.succeeded();
    health.failed("gone");
    expect(health).toMatchObject({ status: "ejected", reason: "gone", failures: 1, msToProbe: 500 });
    clock.now += 200;
    expect(health.msToProbe).toBe(300);
    clock.now += 1000;
    expect(health.msToProbe).toBe(0);
    health.probed();
    expect(health).toMatchObject({ status: "trial", failures: 1 });
    health.probed();
    expect(health.status).toBe("trial");
    health.succeeded();
    expect(health).toMatchObject({ status: "ready", failures: 0 });
  });

  it("is left alone for longer with every failure, up to ten seconds, and never as long as the next client", () => {
    const waits = (random: number): number[] => {
      const { health } = manual(random);
      return Array.from({ length: 7 }, () => {
        health.failed("gone");
        return health.msToProbe;
      });
    };
    expect(waits(1)).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
    expect(waits(0)).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000]);
  });

  it("stays draining whatever comes", () => {
    const { health } = manual();
    health.probed();
    health.drain();
    health.succeeded();
    health.failed("gone");
    health.probed();
    expect(health).toMatchObject({ status: "draining", reason: "it is drained" });
  });
});
