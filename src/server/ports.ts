import { createServer, type Server } from "node:net";
import { isTriptychError, systemErrorCode, TriptychError } from "../errors/index.ts";
import type { ServerPorts } from "./types.ts";

/** All three ports of a server, settled. */
export type SettledPorts = Readonly<Record<keyof ServerPorts, number>>;

const NAMES = ["http", "grpc", "metrics"] as const;
const ATTEMPTS = 5;

/** Ports that servers of this process have, or are about to bind. */
const held = new Set<number>();

export function portTaken(port: number, cause?: unknown): TriptychError {
  return new TriptychError("port-taken", `Port ${String(port)} on 127.0.0.1 is already in use`, {
    hint: `See who has it with: ss -ltnp 'sport = :${String(port)}'. Or leave the port out, and a free one is chosen.`,
    cause,
  });
}

/** Listens on a port (0: any free one) to prove that it can be had. */
function listen(port: number): Promise<Server> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      reject(systemErrorCode(error) === "EADDRINUSE" ? portTaken(port, error) : error);
    });
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => {
      resolve(server);
    });
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return address !== null && typeof address === "object" ? address.port : 0;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}

/** A port that is free now and not promised to another server of ours. */
async function choose(wanted: number | undefined, listeners: Server[]): Promise<number> {
  if (wanted !== undefined && held.has(wanted)) throw portTaken(wanted);
  const server = await listen(wanted ?? 0);
  listeners.push(server);
  const port = portOf(server);
  return held.has(port) ? choose(wanted, listeners) : port;
}

async function settle(wanted: ServerPorts): Promise<SettledPorts> {
  // They stay open until all three are chosen, so that no port is chosen twice.
  const listeners: Server[] = [];
  try {
    const ports = {
      http: await choose(wanted.http, listeners),
      grpc: await choose(wanted.grpc, listeners),
      metrics: await choose(wanted.metrics, listeners),
    };
    for (const name of NAMES) held.add(ports[name]);
    return ports;
  } finally {
    await Promise.all(listeners.map(close));
  }
}

export function releasePorts(ports: SettledPorts): void {
  for (const name of NAMES) held.delete(ports[name]);
}

/**
 * Does something with three ports. Between our choice and the server's bind, another program may take one; where we
 * chose it ourselves, we choose again. The ports stay held when `start` succeeds: give them back by `releasePorts`.
 *
 * @throws TriptychError `port-taken` where a wanted port is in use; whatever `start` throws.
 */
export async function withPorts<T>(
  wanted: ServerPorts,
  start: (ports: SettledPorts) => Promise<T>,
  attempts = ATTEMPTS,
): Promise<T> {
  const ports = await settle(wanted);
  try {
    return await start(ports);
  } catch (error) {
    releasePorts(ports);
    const isOurChoice = NAMES.some((name) => wanted[name] === undefined);
    if (!isTriptychError(error, "port-taken") || !isOurChoice || attempts <= 1) throw error;
    // A wanted port that is taken is found by `settle`, so this ends in the right error.
    return withPorts(wanted, start, attempts - 1);
  }
}
