import { startContainer } from "./container/start.ts";
import { startEmbedded } from "./embedded/start.ts";
import { reachRemote } from "./remote.ts";
import type { ServerOptions, TritonServer } from "./types.ts";

/**
 * Starts a Triton server, or finds one, and waits until it is ready with all its models.
 *
 * A server of ours ends with `stop()`, by `await using`, and with our process however that ends.
 *
 * @throws TriptychError `server-start-failed` (with Triton's own reason, the end of its log and a line to repeat it),
 * `port-taken`, `unreachable` (remote), `docker-missing` and `plan-impossible` (container), `output-unwritable` (the
 * log file), `cancelled`, and for the embedded one whatever `ensureEmbedded` throws.
 *
 * @example
 * ```ts
 * import { startTriton } from "triptych-sdk";
 *
 * await using server = await startTriton({ kind: "embedded", modelRepository: "model-repository/wan-tiny/models" });
 * console.log(server.grpcEndpoint);
 * ```
 */
export function startTriton(options: ServerOptions): Promise<TritonServer> {
  switch (options.kind) {
    case "embedded":
      return startEmbedded(options);
    case "container":
      return startContainer(options);
    case "remote":
      return reachRemote(options);
  }
}
