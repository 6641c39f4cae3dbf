import { TriptychError } from "../errors/index.ts";
import { waitUntilReady } from "./readiness.ts";
import type { RemoteOptions, ServerExit, TritonServer } from "./types.ts";

interface Addresses {
  readonly httpUrl: string;
  readonly grpcEndpoint: string;
  readonly metricsUrl: string;
}

/** Fills in Triton's usual ports beside the HTTP one. */
export function remoteAddresses(options: RemoteOptions): Addresses {
  const parsed = URL.canParse(options.httpUrl) ? new URL(options.httpUrl) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    const message = `httpUrl must be a URL such as http://triton.example:8000, not ${options.httpUrl}`;
    throw new TriptychError("usage", message);
  }
  return {
    httpUrl: options.httpUrl.replace(/\/+$/, ""),
    grpcEndpoint: options.grpcEndpoint ?? `${parsed.hostname}:8001`,
    metricsUrl: options.metricsUrl ?? `http://${parsed.hostname}:8002/metrics`,
  };
}

/**
 * Waits for a server that somebody else runs. It is never stopped by us.
 *
 * @throws TriptychError `usage`, `unreachable` or `cancelled`.
 */
export async function reachRemote(options: RemoteOptions): Promise<TritonServer> {
  const addresses = remoteAddresses(options);
  const timeoutMs = options.readyTimeoutMs ?? 30_000;
  const readiness = await waitUntilReady({ httpUrl: addresses.httpUrl, timeoutMs, signal: options.signal });
  if (readiness.state !== "ready") {
    const message = `Triton at ${addresses.httpUrl} was not ready within ${String(timeoutMs)} ms: ${readiness.last}`;
    throw new TriptychError("unreachable", message, { details: { endpoint: addresses.httpUrl } });
  }
  const { promise, resolve } = deferredExit();
  const stop = (): Promise<void> => {
    resolve({ code: null, signal: null, expected: true });
    return Promise.resolve();
  };
  return {
    kind: "remote",
    ...addresses,
    exited: promise,
    logTail: () => "",
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function deferredExit(): { promise: Promise<ServerExit>; resolve: (exit: ServerExit) => void } {
  let resolve: (exit: ServerExit) => void = () => undefined;
  const promise = new Promise<ServerExit>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
