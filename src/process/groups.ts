import { systemErrorCode } from "../errors/index.ts";

/** A live child that leads its own process group, and what to do once its group was killed at our exit. */
export interface Group {
  readonly pid: number;
  /** Must be synchronous: the event loop no longer turns when it is called. */
  readonly onKilledAtExit?: (() => void) | undefined;
}

const LETHAL_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const live = new Set<Group>();

/**
 * Sends a signal to a whole process group; a group that is gone already is fine.
 *
 * @returns False where nobody was left to receive it.
 */
export function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch (error) {
    // EPERM: every member that is left belongs to somebody else, so none is ours to end.
    if (systemErrorCode(error) === "ESRCH" || systemErrorCode(error) === "EPERM") return false;
    throw error;
  }
}

function tidy(group: Group): void {
  try {
    group.onKilledAtExit?.();
  } catch {
    // We are ending already, for a reason that this must not hide.
  }
}

function killAll(): void {
  for (const group of live) signalGroup(group.pid, "SIGKILL");
  for (const group of live) tidy(group);
  live.clear();
}

function onLethalSignal(signal: NodeJS.Signals): void {
  // Somebody else listens too, so they decide whether we end; if we do, the exit hook does the rest.
  if (process.listenerCount(signal) > 1) return;
  killAll();
  unhook();
  // Without our listener the signal has its usual effect, and our parent sees the true reason.
  process.kill(process.pid, signal);
}

function hook(): void {
  process.on("exit", killAll);
  for (const signal of LETHAL_SIGNALS) process.on(signal, onLethalSignal);
}

function unhook(): void {
  process.off("exit", killAll);
  for (const signal of LETHAL_SIGNALS) process.off(signal, onLethalSignal);
}

/**
 * Promises that this group will not outlive us, however we end (but for SIGKILL, which no process can answer).
 * Listens for signals only while there is a group to end.
 */
export function holdGroup(group: Group): void {
  if (live.size === 0) hook();
  live.add(group);
}

/** Takes the promise back, when the group has ended. */
export function releaseGroup(group: Group): void {
  if (live.delete(group) && live.size === 0) unhook();
}
