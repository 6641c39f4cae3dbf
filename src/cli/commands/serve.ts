import { once } from "node:events";
import { TriptychError } from "../../errors/index.ts";
import type { ServerPorts, TritonServer } from "../../server/index.ts";
import { type Command, type Context, EXIT } from "../context.ts";
import { launch } from "../launch.ts";
import { loadPipeline } from "../load.ts";

/** Options of `triptych serve`. */
export interface ServeOptions {
  readonly spec: string;
  readonly out?: string;
  readonly ports: ServerPorts;
  readonly readyTimeoutMs?: number;
  readonly verbose?: boolean;
  readonly image?: string;
}

function announce({ terminal, json }: Context, server: TritonServer): void {
  const { grpcEndpoint, httpUrl, metricsUrl, pid, logFile } = server;
  if (json) {
    terminal.out(JSON.stringify({ ready: true, grpcEndpoint, httpUrl, metricsUrl, pid, logFile }));
    return;
  }
  terminal.err(`ready: gRPC ${grpcEndpoint}, HTTP ${httpUrl}, metrics ${metricsUrl}`);
  terminal.err(`  triptych generate "a red circle moves right" --server ${grpcEndpoint}`);
  terminal.err("  Ctrl-C stops the server");
}

async function aborted(signal: AbortSignal): Promise<"stop"> {
  if (!signal.aborted) await once(signal, "abort");
  return "stop";
}

/** `triptych serve SPEC`: write the repository, start Triton on it, and stay until Ctrl-C. */
export const serve: Command<ServeOptions> = async (context, options) => {
  const loaded = await loadPipeline(options.spec);
  await using server = await launch(context, loaded, options);
  announce(context, server);
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
