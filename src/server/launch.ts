import { isTriptychError, type TriptychError } from "../errors/index.ts";
import { releasePorts, type SettledPorts } from "./ports.ts";
import { waitUntilReady } from "./readiness.ts";
import { begin, end, type LaunchOptions, type LaunchPlan, type Running } from "./running.ts";
import { startFailure } from "./start-failure.ts";
import type { TritonServer } from "./types.ts";

const httpUrl = (ports: SettledPorts): string => `http://127.0.0.1:${String(ports.http)}`;

async function untilReady(running: Running, signal: AbortSignal | undefined): Promise<void> {
  const { plan, service, log, state } = running;
  const { readyTimeoutMs: timeoutMs, reproduce } = plan;
  const failure = (what: string): TriptychError =>
    startFailure({
      what,
      log: service.logTail(),
      logFile: log.file,
      reproduce,
      endpoint: httpUrl(plan.ports),
    });
  const readiness = await waitUntilReady({
    httpUrl: httpUrl(plan.ports),
    serverId: plan.run.id,
    timeoutMs,
    signal,
    isUp: () => state.isUp,
    hasEnded: () => state.hasEnded,
  });
  if (readiness.state === "ready") return;
  if (readiness.state === "late") {
    throw failure(`Triton was not ready within ${String(timeoutMs)} ms (${readiness.last})`);
  }
  const { code, signal: ender } = await running.exited;
  throw failure(`Triton ended before it was ready (${ender ?? `exit code ${String(code)}`})`);
}

/** Removes the server's entry, and its log where it ended as it should. What cannot be removed is swept later. */
async function close({ plan, log }: Running, keepLog: boolean): Promise<void> {
  await plan.run.close(keepLog && log.file === plan.run.logFile).catch(() => undefined);
}

function asServer(kind: LaunchOptions["kind"], running: Running): TritonServer {
  const { plan, service, log } = running;
  const exited = running.exited.then(async (exit) => {
    releasePorts(plan.ports);
    await close(running, !exit.expected);
    return exit;
  });
  const stop = async (): Promise<void> => {
    await end(running);
    await exited;
  };
  return {
    kind,
    grpcEndpoint: `127.0.0.1:${String(plan.ports.grpc)}`,
    httpUrl: httpUrl(plan.ports),
    metricsUrl: `http://127.0.0.1:${String(plan.ports.metrics)}/metrics`,
    pid: service.pid,
    logFile: log.file,
    exited,
    logTail: (lines) => service.logTail(lines),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/**
 * Starts a server and waits until it is ready; what is not ready is ended again. Gives back the ports when the server
 * has ended, but not when it fails to start.
 *
 * @throws TriptychError `server-start-failed`, `port-taken` (met on binding), `output-unwritable` or `cancelled`.
 */
export async function launch(plan: LaunchPlan, options: LaunchOptions): Promise<TritonServer> {
  let running: Running | undefined;
  try {
    running = await begin(plan, options);
    await untilReady(running, options.signal);
    return asServer(options.kind, running);
  } catch (error) {
    if (running === undefined) await plan.run.close(false);
    else {
      await end(running);
      await close(running, isTriptychError(error, "server-start-failed"));
    }
    throw error;
  }
}
