import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { TICK_MS } from "../host/cpu.ts";
import type { ProcessUse } from "../records/types.ts";

const PAGE_BYTES = 4096;

interface ProcessReading {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** What a process group used up to now. */
export interface GroupReading {
  readonly cpuMs: number;
  readonly rssBytes: number;
  readonly processes: number;
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // Ended in the meantime, or somebody else's.
    return undefined;
  }
}

function readProcess(pid: number): ProcessReading | undefined {
  const text = textOf(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The name stands in parentheses and may hold anything.
  const fields = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const at = (index: number): number => fields[index] ?? 0;
  return {
    pid,
    parent: at(1),
    group: at(2),
    cpuMs: (at(11) + at(12)) * TICK_MS,
    rssBytes: at(21) * PAGE_BYTES,
  };
}

function allProcesses(): ProcessReading[] {
  try {
    const names = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    return names.flatMap((name) => readProcess(Number(name)) ?? []);
  } catch {
    return [];
  }
}

/** A server and everything it started: its process group. Undefined where it is gone, or where there is no /proc. */
export function readGroup(pid: number): GroupReading | undefined {
  const all = allProcesses();
  const leader = all.find((one) => one.pid === pid);
  if (leader === undefined) return undefined;
  const group = all.filter((one) => one.group === leader.group || one.parent === pid);
  const sum = (value: (one: ProcessReading) => number): number =>
    group.reduce((total, one) => total + value(one), 0);
  return {
    cpuMs: sum((one) => one.cpuMs),
    rssBytes: sum((one) => one.rssBytes),
    processes: group.length,
  };
}

/** The name of a process; undefined of one that is gone. */
export function processName(pid: number): string | undefined {
  return textOf(`/proc/${pid}/comm`)?.trim();
}

/** True where a process is a Triton, or one of its group is: what it uses would else be told as the server's. */
export function isTriton(pid: number): boolean {
  const all = allProcesses();
  const group = all.find((one) => one.pid === pid)?.group;
  return all
    .filter((one) => one.pid === pid || one.parent === pid || one.group === group)
    .some((one) => processName(one.pid)?.startsWith("triton") === true);
}

/** The inode of the socket that listens on a port of this machine. */
function listenerInode(port: number): string | undefined {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  const lines = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) => (textOf(file) ?? "").split("\n"));
  const fields = lines.map((line) => line.trim().split(/\s+/));
  // 0A: listening.
  return fields.find(([, local, , state]) => local?.endsWith(`:${wanted}`) === true && state === "0A")?.[9];
}

function holds(pid: string, link: string): boolean {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).some((name) => {
      try {
        return readlinkSync(`${folder}/${name}`) === link;
      } catch {
        return false;
      }
    });
  } catch {
    return false;
  }
}

/** True for an endpoint of this machine. */
function isHere(endpoint: string): boolean {
  return /^(127\.\d+\.\d+\.\d+|localhost|\[::1\]):\d+$/.test(endpoint);
}

/** The process that serves an endpoint of this machine; undefined for any other, or where nobody may look. */
export function servingProcess(endpoint: string): number | undefined {
  if (!isHere(endpoint)) return undefined;
  const inode = listenerInode(Number(endpoint.slice(endpoint.lastIndexOf(":") + 1)));
  if (inode === undefined) return undefined;
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const owners = pids.filter((pid) => holds(pid, `socket:[${inode}]`)).map(Number);
  // A server's children may have inherited its socket; it is the oldest of them.
  return owners.length === 0 ? undefined : Math.min(...owners);
}

/** What a group used between the first and the last of its readings. */
export function processUse(
  pid: number,
  readings: readonly GroupReading[],
  elapsedMs: number,
): ProcessUse | undefined {
  const [first, last] = [readings[0], readings.at(-1)];
  if (first === undefined || last === undefined || readings.length < 2 || elapsedMs <= 0) return undefined;
  const rss = readings.map(({ rssBytes }) => rssBytes);
  return {
    pid,
    processes: last.processes,
    cores: Math.max(0, last.cpuMs - first.cpuMs) / elapsedMs,
    meanRssBytes: Math.round(rss.reduce((sum, bytes) => sum + bytes, 0) / rss.length),
    peakRssBytes: Math.max(...rss),
  };
}
