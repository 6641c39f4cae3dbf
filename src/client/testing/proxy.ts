import { createServer, type Socket, connect as tcpConnect } from "node:net";
import { onTestFinished } from "vitest";

/** A TCP relay to a server, that can be cut as when a machine dies. */
export interface Proxy {
  readonly endpoint: string;
  /** Connections open now. */
  readonly connections: () => number;
  cut(): void;
}

/** Starts a relay to a local port; closed when the test is over. */
export async function startProxy(port: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  const server = createServer((client) => {
    const upstream = tcpConnect(port, "127.0.0.1");
    for (const socket of [client, upstream]) sockets.add(socket.on("error", () => undefined));
    client.pipe(upstream).pipe(client);
    client.once("close", () => upstream.destroy());
    upstream.once("close", () => client.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(cut);
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : 0;
  const open = (): number => [...sockets].filter((socket) => !socket.closed).length;
  return { endpoint: `127.0.0.1:${bound}`, connections: open, cut };
}
