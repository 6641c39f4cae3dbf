import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** Names one process for ever: an id alone is given to another process once its first owner is gone. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to its start; null where the system does not tell. */
  readonly startTime: number | null;
  /** The machine and process namespace that the id belongs to. */
  readonly host: string;
}

/** Field 22 of /proc/<pid>/stat. The name before it stands in parentheses and may hold anything. */
function startTimeOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie has ended already; only its parent has not looked yet.
    return fields[0] === "Z" ? null : Number(fields[19]);
  } catch {
    return null;
  }
}

function thisHost(): string {
  try {
    // Containers may share a cache folder and a host name, and still count their processes apart.
    return `${hostname()} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
}

export function identityOf(pid: number): ProcessIdentity {
  return { pid, startTime: startTimeOf(pid), host: thisHost() };
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Whether a process still runs; `unknown` where it belongs to another machine or namespace. */
export function lifeOf(identity: ProcessIdentity): "alive" | "dead" | "unknown" {
  if (identity.host !== thisHost()) return "unknown";
  if (identity.startTime === null) return exists(identity.pid) ? "alive" : "dead";
  return startTimeOf(identity.pid) === identity.startTime ? "alive" : "dead";
}
