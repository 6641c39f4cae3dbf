import { isTriptychError, TriptychError } from "../../errors/index.ts";
import type { ServerPorts, TritonServer } from "../../server/index.ts";
import { type Command, type Context, EXIT } from "../context.ts";
import { DEFAULT_SPEC } from "../defaults.ts";
import { launch } from "../launch.ts";
import { type LoadedPipeline, loadPipeline } from "../load.ts";

/** Options of `triptych serve`. */
export interface ServeOptions {
  readonly spec: string;
  readonly out?: string;
  readonly ports: Readonly<Record<keyof ServerPorts, number>>;
  readonly readyTimeoutMs?: number;
  readonly verbose?: boolean;
}

function announce({ terminal, json, self }: Context, server: TritonServer, spec: string): void {
  const { grpcEndpoint, httpUrl, metricsUrl, pid, logFile } = server;
  if (json) {
    terminal.out(JSON.stringify({ ready: true, grpcEndpoint, httpUrl, metricsUrl, pid, logFile }));
    return;
  }
  terminal.err(`ready: gRPC ${grpcEndpoint}, HTTP ${httpUrl}, metrics ${metricsUrl}`);
  const named = spec === DEFAULT_SPEC ? "" : ` --spec ${spec}`;
  terminal.err(`  ${self} generate "a red circle moves right" --server ${grpcEndpoint}${named}`);
  terminal.err("  Ctrl-C stops the server");
}

function checkPorts({ grpc, http, metrics }: ServeOptions["ports"]): void {
  if (new Set([grpc, http, metrics]).size === 3) return;
  throw new TriptychError("usage", `expected three different ports, got ${grpc}, ${http} and ${metrics}`, {
    hint: "name others with --grpc-port, --http-port and --metrics-port",
  });
}

/** Starts the server; a port that is taken was named by an option here, or is that option's default. */
async function start(context: Context, loaded: LoadedPipeline, options: ServeOptions): Promise<TritonServer> {
  try {
    return await launch(context, loaded, options);
  } catch (cause) {
    if (!isTriptychError(cause, "port-taken")) throw cause;
    throw new TriptychError("port-taken", cause.message, {
      cause,
      hint: "choose others with --grpc-port, --http-port and --metrics-port; `ss -ltnp` shows who has which",
    });
  }
}

function aborted(signal: AbortSignal): Promise<"stop"> {
  return new Promise((resolve) => {
    const stop = (): void => {
      resolve("stop");
    };
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

/** `triptych serve SPEC`: write the repository, start Triton on it, and stay until Ctrl-C. */
export const serve: Command<ServeOptions> = async (context, options) => {
  checkPorts(options.ports);
  const loaded = await loadPipeline(options.spec);
  await using server = await start(context, loaded, options);
  announce(context, server, options.spec);
  const end = await Promise.race([aborted(context.signal), server.exited]);
  if (end === "stop") {
    context.terminal.err("stopping …");
    await server.stop();
    return EXIT.interrupted;
  }
  const how = end.signal ?? `exit code ${end.code}`;
  throw new TriptychError("server-exited", `Triton ended by itself: ${how}`, {
    details: {
      logTail: server.logTail(20),
      ...(server.logFile === undefined ? {} : { logFile: server.logFile }),
    },
  });
};
