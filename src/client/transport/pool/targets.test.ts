import { describe, expect, it } from "vitest";
import { readTargets } from "./targets.ts";

const FOUND = ["10.0.0.1", "10.0.0.2", "fd00::1"];

describe("what is connected to", () => {
  it("is one endpoint, or a list in which each counts once", async () => {
    expect(await readTargets("gpu:8001").resolve()).toEqual([{ address: "gpu:8001" }]);
    const targets = readTargets(["a:1", "b:2", "a:1"]);
    expect(targets).toMatchObject({ label: "a:1,b:2,a:1", changes: false });
    expect(await targets.resolve()).toEqual([{ address: "a:1" }, { address: "b:2" }]);
  });

  it.each(["dns:///triton.svc:8001", "dns:triton.svc:8001"])("is every address of %s", async (endpoint) => {
    const asked: string[] = [];
    const targets = readTargets(endpoint, (host) => {
      asked.push(host);
      return Promise.resolve(FOUND);
    });
    expect(targets.changes).toBe(true);
    expect(await targets.resolve()).toEqual([
      { address: "10.0.0.1:8001", name: "triton.svc" },
      { address: "10.0.0.2:8001", name: "triton.svc" },
      { address: "[fd00::1]:8001", name: "triton.svc" },
    ]);
    expect(asked).toEqual(["triton.svc"]);
  });

  it("asks the system where nothing else is given", async () => {
    expect(await readTargets("dns:///localhost:1").resolve()).toContainEqual({
      address: "127.0.0.1:1",
      name: "localhost",
    });
  });

  it("is unreachable where the name service fails or has no address", async () => {
    for (const find of [() => Promise.reject(new Error("ENOTFOUND")), () => Promise.resolve([])]) {
      await expect(readTargets("dns:///x:1", find).resolve()).rejects.toMatchObject({
        code: "unreachable",
        details: { endpoint: "dns:///x:1" },
      });
    }
  });

  it("is refused where it is nothing", () => {
    expect(() => readTargets([])).toThrow(expect.objectContaining({ code: "usage" }));
    expect(() => readTargets(["a:1", "http://b"])).toThrow(expect.objectContaining({ code: "unreachable" }));
  });
});
