import { describe, expect, it } from "vitest";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { startClock } from "./clock.ts";
import { type Driver, driveClosed, driveOpen, within } from "./drive.ts";

interface Sent {
  readonly due: number;
  readonly sent: number;
  readonly done: number;
}

/** A driver against a server that takes `serviceMs(n)` for request n; -1 fails at once. */
function driverFor(serviceMs: (index: number) => number) {
  const clock = new VirtualClock();
  const abort = new AbortController();
  const all: Sent[] = [];
  let index = 0;
  let underWay = 0;
  let most = 0;
  const driver: Driver = {
    clock,
    signal: abort.signal,
    send: async (due) => {
      const took = serviceMs(index);
      index += 1;
      underWay += 1;
      most = Math.max(most, underWay);
      const sent = clock.now();
      await clock.until(sent + Math.max(took, 0));
      underWay -= 1;
      all.push({ due, sent, done: clock.now() });
      return took >= 0;
    },
  };
  return { clock, abort, all, driver, most: () => most };
}

describe("a closed loop", () => {
  it("keeps its number under way, and the next is due when one ends", async () => {
    const { clock, all, driver, most } = driverFor(() => 100);
    await clock.run(driveClosed(driver, 3, within({ requests: 7 })));
    expect(most()).toBe(3);
    expect(all.map(({ due }) => due)).toEqual([0, 0, 0, 100, 100, 100, 200]);
    expect(all.every(({ due, sent }) => due === sent)).toBe(true);
  });

  it("begins none after its time, and waits for those under way", async () => {
    const { clock, all, driver } = driverFor(() => 100);
    await clock.run(driveClosed(driver, 1, within({ durationMs: 250 })));
    expect(all.map(({ done }) => done)).toEqual([100, 200, 300]);
  });

  it("goes on after a failure, but does not storm a server that refuses at once", async () => {
    const { clock, all, driver } = driverFor((index) => (index < 3 ? -1 : 10));
    await clock.run(driveClosed(driver, 1, within({ requests: 5 })));
    expect(all.map(({ sent }) => sent)).toEqual([0, 100, 200, 300, 310]);
  });

  it("begins none after Ctrl-C, and lets what runs end", async () => {
    const { clock, abort, all, driver } = driverFor((index) => {
      if (index === 3) abort.abort();
      return 50;
    });
    await clock.run(driveClosed(driver, 2, within({ requests: 100 })));
    expect(all).toHaveLength(4);
  });
});

describe("an open loop", () => {
  const load = { kind: "constant", perSecond: 10 } as const;

  it("sends on time, however slow the server is", async () => {
    const { clock, all, driver, most } = driverFor(() => 1000);
    await clock.run(driveOpen(driver, { load, extent: { requests: 5 }, seed: 1, maxInFlight: 100 }));
    expect(all.map(({ sent }) => sent)).toEqual([0, 100, 200, 300, 400]);
    expect(most()).toBe(5);
  });

  it("charges a stall to every request that was due in it", async () => {
    // Nothing can be sent while the first is under way, as with a server that stands still.
    const { clock, all, driver } = driverFor((index) => (index === 0 ? 500 : 10));
    const capped = await clock.run(
      driveOpen(driver, { load, extent: { requests: 6 }, seed: 1, maxInFlight: 1 }),
    );
    expect(capped).toBeGreaterThanOrEqual(4);
    expect(all.map(({ due }) => due)).toEqual([0, 100, 200, 300, 400, 500]);
    expect(all.map(({ due, done }) => done - due)).toEqual([500, 410, 320, 230, 140, 50]);
  });

  it("begins none after Ctrl-C, and lets what runs end", async () => {
    const { clock, abort, all, driver } = driverFor((index) => {
      if (index === 2) abort.abort();
      return 1000;
    });
    await clock.run(driveOpen(driver, { load, extent: { requests: 50 }, seed: 1, maxInFlight: 100 }));
    expect(all.map(({ done }) => done)).toEqual([1000, 1100, 1200]);
  });
});

describe("the clock", () => {
  it("waits until a time, never less, and not for what is past or given up", async () => {
    const clock = startClock();
    const { signal } = new AbortController();
    await clock.until(30, signal);
    expect(clock.now()).toBeGreaterThanOrEqual(30);
    const before = clock.now();
    await clock.until(before - 10, signal);
    await clock.until(before + 3_600_000, AbortSignal.abort());
    expect(clock.now()).toBeLessThan(before + 60_000);
  });
});
