import { readFileSync } from "node:fs";
import type { HostLoad } from "../records/types.ts";

/** Clock ticks of /proc are always hundredths of a second for programs. */
export const TICK_MS = 10;

/** Milliseconds of all cores from boot on. */
export interface CpuReading {
  readonly totalMs: number;
  readonly idleMs: number;
  readonly stealMs: number;
}

/** The sums of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal. */
export function parseCpu(text: string): CpuReading | undefined {
  const line = /^cpu\s+(.+)$/m.exec(text)?.[1];
  if (line === undefined) return undefined;
  // Guest time, which follows, is part of user time.
  const fields = line.trim().split(/\s+/).slice(0, 8).map(Number);
  const at = (index: number): number => (fields[index] ?? 0) * TICK_MS;
  return {
    totalMs: fields.reduce((sum, ticks) => sum + ticks * TICK_MS, 0),
    idleMs: at(3) + at(4),
    stealMs: at(7),
  };
}

/** How busy all cores have been; undefined where there is no /proc. */
export function readCpu(): CpuReading | undefined {
  try {
    return parseCpu(readFileSync("/proc/stat", "utf8"));
  } catch {
    return undefined;
  }
}

/** What else used the cores between two readings, as shares of all cores. */
export function cpuShares(
  before: CpuReading,
  after: CpuReading,
  ownMs: number,
  serverMs: number | undefined,
): Omit<HostLoad, "spin"> {
  const total = Math.max(after.totalMs - before.totalMs, 1);
  const steal = (after.stealMs - before.stealMs) / total;
  const busy = Math.min(1, Math.max(0, 1 - (after.idleMs - before.idleMs) / total - steal));
  const shares = { busy, steal: Math.max(0, steal) };
  if (serverMs === undefined) return shares;
  // Ticks are coarse: a short run may seem to have used more than there was.
  return { ...shares, others: Math.max(0, busy - (ownMs + serverMs) / total) };
}
