// A TCP relay that hands every byte on after a fixed time: a server that is farther away than this machine.
import { createServer, connect as tcpConnect } from "node:net";

/** Hands on what comes from one socket to the other, in order, `ms` later. */
function pipeLater(from, to, ms) {
  const waiting = [];
  let timer;
  const flush = () => {
    timer = undefined;
    while (waiting.length > 0 && waiting[0].at <= performance.now()) to.write(waiting.shift().chunk);
    if (waiting.length > 0) timer = setTimeout(flush, waiting[0].at - performance.now());
  };
  from.on("data", (chunk) => {
    waiting.push({ at: performance.now() + ms, chunk });
    timer ??= setTimeout(flush, ms);
  });
  from.on("error", () => to.destroy());
  from.on("close", () => {
    clearTimeout(timer);
    to.destroy();
  });
}

/** Starts a relay to an endpoint, `roundTripMs` away. */
export async function startDelayRelay(endpoint, roundTripMs) {
  const sockets = new Set();
  const server = createServer((client) => {
    const upstream = tcpConnect(Number(endpoint.split(":").at(-1)), "127.0.0.1");
    for (const socket of [client, upstream]) sockets.add(socket.setNoDelay(true));
    pipeLater(client, upstream, roundTripMs / 2);
    pipeLater(upstream, client, roundTripMs / 2);
  });
  await new Promise((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const stop = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { endpoint: `127.0.0.1:${server.address().port}`, stop };
}
