import { type LogFile, openLogFile } from "../files/index.ts";
import { type EnvironmentChanges, type Service, startService } from "../process/index.ts";
import type { SettledPorts } from "./ports.ts";
import type { RunFolder } from "./run-folder.ts";
import type { ContainerOptions, EmbeddedOptions, ServerExit } from "./types.ts";

/** How to start one kind of server; the rest is the same for all kinds. */
export interface LaunchPlan {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: EnvironmentChanges | undefined;
  /** What a person would type to start it. */
  readonly reproduce: string;
  readonly ports: SettledPorts;
  readonly run: RunFolder;
  readonly readyTimeoutMs: number;
  /** Words in its log without which it is not up. */
  readonly upWhenLogged?: string | undefined;
  /** Asks it to end, by other means than a signal. */
  readonly askToStop?: (() => Promise<void>) | undefined;
  /** Synchronous removal of what it leaves on the machine. */
  readonly tidy?: (() => void) | undefined;
}

export type LaunchOptions = EmbeddedOptions | ContainerOptions;

/** TERM to KILL, ms. Triton needs three to five seconds to unload its models, and we grant requests five (flags). */
const STOP_GRACE_MS = 15_000;

/** A server from its start to its end; ready or not. */
export interface Running {
  readonly plan: LaunchPlan;
  readonly service: Service;
  readonly log: LogFile;
  readonly exited: Promise<ServerExit>;
  readonly state: RunningState;
}

interface RunningState {
  hasEnded: boolean;
  /** True once the log has said so. */
  isUp: boolean;
  /** Set where we ended it on purpose. */
  expected: boolean;
}

/**
 * Starts a server and follows its log, ready or not.
 *
 * @throws TriptychError `output-unwritable` (its log) or `process-failed` (its program cannot be started).
 */
export async function begin(plan: LaunchPlan, options: LaunchOptions): Promise<Running> {
  const log = await openLogFile(options.logFile ?? plan.run.logFile);
  const state: RunningState = { hasEnded: false, isUp: plan.upWhenLogged === undefined, expected: false };
  const service = await startService({
    file: plan.file,
    args: plan.args,
    env: plan.env,
    lifeline: true,
    onKilledAtExit: plan.tidy,
    onLine: (line, stream) => {
      log.write(line);
      if (plan.upWhenLogged !== undefined && line.includes(plan.upWhenLogged)) state.isUp = true;
      options.onLine?.(line, stream);
    },
  }).catch(async (error: unknown) => {
    await log.close();
    throw error;
  });
  const exited = service.exited.then(async (exit) => {
    state.hasEnded = true;
    plan.tidy?.();
    await log.close();
    return { ...exit, expected: state.expected };
  });
  return { plan, service, log, exited, state };
}

/** Ends a server, however far it has come, and waits until it is gone. */
export async function end({ plan, service, exited, state }: Running): Promise<void> {
  if (!state.hasEnded) {
    state.expected = true;
    await plan.askToStop?.();
    await service.stop(STOP_GRACE_MS);
  }
  await exited;
}
