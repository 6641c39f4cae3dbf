import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { portTaken, releasePorts, type SettledPorts, withPorts } from "./ports.ts";

async function listenOn(port: number): Promise<Server> {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
  });
  return server;
}

async function hold(wanted = {}): Promise<SettledPorts> {
  const ports = await withPorts(wanted, (chosen) => Promise.resolve(chosen));
  onTestFinished(() => {
    releasePorts(ports);
  });
  return ports;
}

it("chooses ports that are free and all different", async () => {
  const all = await Promise.all(Array.from({ length: 20 }, () => hold()));
  expect(new Set(all.flatMap((ports) => Object.values(ports))).size).toBe(60);
});

it("takes the ports that are wanted, once", async () => {
  const { http } = await withPorts({}, (chosen) => Promise.resolve(chosen)).then((ports) => {
    releasePorts(ports);
    return ports;
  });
  await expect(hold({ http })).resolves.toMatchObject({ http });
  await expect(hold({ grpc: http })).rejects.toMatchObject({ code: "port-taken" });
});

it("refuses the same port for two uses", async () => {
  const { http } = await hold();
  releasePorts({ http, grpc: 0, metrics: 0 });
  await expect(hold({ http, grpc: http })).rejects.toMatchObject({ code: "port-taken" });
});

it("names a wanted port that somebody else has", async () => {
  const address = (await listenOn(0)).address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  await expect(hold({ metrics: port })).rejects.toMatchObject({
    code: "port-taken",
    message: `Port ${String(port)} on 127.0.0.1 is already in use`,
    hint: expect.stringContaining(`sport = :${String(port)}`) as string,
  });
});

it("chooses again when a port was lost between choice and bind", async () => {
  const tried: number[] = [];
  const ports = await withPorts({}, (chosen) => {
    tried.push(chosen.http);
    return tried.length < 3 ? Promise.reject(portTaken(chosen.http)) : Promise.resolve(chosen);
  });
  releasePorts(ports);
  expect(tried).toHaveLength(3);
});

it("gives up after some attempts, and at once on any other error", async () => {
  let count = 0;
  const lose = ({ http }: SettledPorts): Promise<never> => {
    count += 1;
    return Promise.reject(portTaken(http));
  };
  await expect(withPorts({}, lose)).rejects.toMatchObject({ code: "port-taken" });
  expect(count).toBe(5);
  await expect(withPorts({}, () => Promise.reject(new TypeError("other")))).rejects.toThrow("other");
});
