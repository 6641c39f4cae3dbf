import { describe, expect, it } from "vitest";
import { remoteAddresses } from "./remote.ts";

describe("remoteAddresses", () => {
  it("fills in Triton's usual ports", () => {
    expect(remoteAddresses({ kind: "remote", httpUrl: "http://triton.example:8000/" })).toEqual({
      httpUrl: "http://triton.example:8000",
      grpcEndpoint: "triton.example:8001",
      metricsUrl: "http://triton.example:8002/metrics",
    });
  });

  it("keeps what is given", () => {
    const given = { grpcEndpoint: "[::1]:9001", metricsUrl: "https://m.example/metrics" };
    expect(remoteAddresses({ kind: "remote", httpUrl: "https://t.example/triton", ...given })).toEqual({
      httpUrl: "https://t.example/triton",
      ...given,
    });
  });

  it.each(["triton.example:8000", "grpc://x:1", ""])("refuses %j", (httpUrl) => {
    expect(() => remoteAddresses({ kind: "remote", httpUrl })).toThrow(/httpUrl must be a URL/);
  });
});
