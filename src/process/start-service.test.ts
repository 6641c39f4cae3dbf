import { describe, expect, it } from "vitest";
import { startService } from "./index.ts";

const node = process.execPath;

async function until(isTrue: () => boolean): Promise<void> {
  await expect.poll(isTrue, { timeout: 5_000, interval: 20 }).toBe(true);
}

describe("startService", () => {
  it("keeps a program with its log until it is stopped", async () => {
    const service = await startService({ file: "sh", args: ["-c", "echo up; echo warn >&2; exec sleep 60"] });
    await until(() => service.logTail().split("\n").length === 2);
    expect(service.logTail().split("\n").toSorted()).toEqual(["up", "warn"]);
    expect(service.logTail(1)).toMatch(/^(up|warn)$/);
    expect(process.kill(service.pid, 0)).toBe(true);
    const exits = await Promise.all([service.stop(), service.stop(), service.exited]);
    for (const exit of exits) expect(exit).toEqual({ code: null, signal: "SIGTERM" });
    await expect(service.stop()).resolves.toEqual({ code: null, signal: "SIGTERM" });
  });

  it("sends one TERM only, however often it is asked", async () => {
    const script = `let n = 0; process.on("SIGTERM", () => { n += 1; setTimeout(() => process.exit(n), 300) });
      console.log("up"); setInterval(() => {}, 1000)`;
    const service = await startService({ file: node, args: ["-e", script] });
    await until(() => service.logTail() === "up");
    const [first] = await Promise.all([service.stop(), service.stop()]);
    expect(first.code).toBe(1);
  });

  it("kills one that will not end", async () => {
    const script = "trap '' TERM; echo up; while :; do sleep 0.05; done";
    const service = await startService({ file: "sh", args: ["-c", script] });
    await until(() => service.logTail() === "up");
    await expect(service.stop(200)).resolves.toEqual({ code: null, signal: "SIGKILL" });
  });

  it("tells when the program ends by itself, and ends what it left behind", async () => {
    const service = await startService({ file: "sh", args: ["-c", "sleep 60 & echo $!; exit 7"] });
    await expect(service.exited).resolves.toEqual({ code: 7, signal: null });
    const child = Number(service.logTail());
    await until(() => {
      try {
        return !process.kill(child, 0);
      } catch {
        return true;
      }
    });
  });

  it("holds a silent standard input open as a lifeline", async () => {
    const script = "read line; echo 'the line ended'";
    const service = await startService({ file: "sh", args: ["-c", script], lifeline: true });
    const early = await Promise.race([
      service.exited,
      new Promise((resolve) => setTimeout(resolve, 300, "alive")),
    ]);
    expect(early).toBe("alive");
    await service.stop();
    const without = await startService({ file: "sh", args: ["-c", script] });
    await without.exited;
    expect(without.logTail()).toBe("the line ended");
  });

  it("refuses a program that is not there", async () => {
    await expect(startService({ file: "no-such-program-here", args: [] })).rejects.toMatchObject({
      code: "process-failed",
      details: { reproduce: "no-such-program-here" },
    });
  });
});
