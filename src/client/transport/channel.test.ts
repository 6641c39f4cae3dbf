import { describe, expect, it } from "vitest";
import { checkEndpoint, isLoopback } from "./address.ts";
import { type ChannelOptions, channelOptions, openChannel } from "./channel.ts";
import { openSecurity } from "./tls.ts";

describe("the channel", () => {
  it("has no size limit, a wide window and no keepalive", () => {
    const options = channelOptions("triton.example:8001");
    expect(options).toMatchObject({
      "grpc.max_receive_message_length": 2 ** 31 - 1,
      "grpc.max_send_message_length": -1,
      "grpc-node.flow_control_window": 32 * 1024 * 1024,
    });
    expect(Object.keys(options).filter((name) => /keepalive|proxy/.test(name))).toEqual([]);
  });

  it.each([
    { compression: undefined, algorithm: undefined },
    { compression: "deflate", algorithm: 1 },
    { compression: "gzip", algorithm: 2 },
  ] as const)("packs its messages as asked: $compression", ({ compression, algorithm }) => {
    expect(channelOptions("a:1", { compression })["grpc.default_compression_algorithm"]).toBe(algorithm);
  });

  it.each(["br", "", "constructor", 2])("refuses to pack by %j", (compression) => {
    expect(() => channelOptions("a:1", { compression } as unknown as ChannelOptions)).toThrow(
      expect.objectContaining({
        code: "request-invalid",
        message: expect.stringContaining("compression: expected deflate or gzip, got") as string,
      }),
    );
  });

  it.each([
    "127.0.0.1:8001",
    "127.1.2.3:8001",
    "localhost:8001",
    "[::1]:8001",
    "[::ffff:127.0.0.1]:8001",
    "unix:/tmp/triton.sock",
    "dns:///localhost:1",
    "dns:localhost",
    "ipv4:127.0.0.1:1,127.0.0.2:2",
  ])("goes to %s past any proxy", (endpoint) => {
    expect(isLoopback(endpoint)).toBe(true);
    expect(channelOptions(endpoint)["grpc.enable_http_proxy"]).toBe(0);
  });

  it.each([
    "localhost.example:8001",
    "10.127.0.0:1",
    "triton:8001",
    "127.0.0.1.evil.example:8001",
    "127.evil.example:8001",
    "dns:///127.0.0.1.evil.example:8001",
    "dns://127.0.0.1/evil.example:8001",
    "dns://evil.example/localhost:8001",
    "ipv4:127.0.0.1:1,192.0.2.1:1",
    "[::1.evil]:1",
    "",
  ])("may need a proxy for %s", (endpoint) => {
    expect(isLoopback(endpoint)).toBe(false);
  });

  it.each([
    "http://127.0.0.1:8001",
    "https://triton",
    "grpc://triton:8001",
    "triton",
    "",
    "triton:",
    "::1:1",
  ])("refuses %j, which is no endpoint", (endpoint) => {
    expect(() => {
      checkEndpoint(endpoint);
    }).toThrow(
      expect.objectContaining({
        code: "unreachable",
        message: expect.stringContaining("host:port") as string,
      }),
    );
  });

  it.each([
    { privateKey: Buffer.from("x") },
    { privateKey: Buffer.from("x"), certificateChain: Buffer.from("not PEM") },
    { rootCertificates: Buffer.from("not PEM") },
    { source: () => Promise.reject(new Error("gone")) },
    { source: () => ({ rootCertificates: Buffer.from("not PEM") }) },
    { source: () => ({}), refreshMs: 0 },
  ])("refuses credentials that are none (%#)", async (tls) => {
    await expect(openSecurity(tls)).rejects.toMatchObject({
      code: "request-invalid",
      message: expect.stringMatching(/^tls/) as string,
    });
  });

  it.each(["triton:8001", "[::1]:8001", "unix:/tmp/t.sock", "unix:///tmp/t.sock", "dns:///triton:8001"])(
    "takes %s, with and without encryption",
    async (endpoint) => {
      checkEndpoint(endpoint);
      for (const tls of [undefined, {}, { source: () => ({}) }]) {
        const security = await openSecurity(tls);
        openChannel(endpoint, security, { tls }).close();
        security.stop();
      }
    },
  );

  it("pings only when told to, in gRPC's words", () => {
    expect(channelOptions("triton:8001", { keepalive: true })).toMatchObject({
      "grpc.keepalive_time_ms": 60_000,
      "grpc.keepalive_timeout_ms": 20_000,
    });
    expect(channelOptions("triton:8001", { keepalive: { timeMs: 5000, timeoutMs: 700 } })).toMatchObject({
      "grpc.keepalive_time_ms": 5000,
      "grpc.keepalive_timeout_ms": 700,
    });
    expect(channelOptions("triton:8001", { keepalive: false })).not.toHaveProperty("grpc.keepalive_time_ms");
  });

  it.each([
    { keepalive: { timeMs: 10 } },
    { keepalive: { timeMs: Number.NaN } },
    { keepalive: { timeMs: 5000, timeoutMs: 0 } },
    { maxResponseBytes: 0 },
    { maxResponseBytes: 2 ** 31 },
  ])("refuses %j", (options) => {
    expect(() => channelOptions("triton:8001", options)).toThrow(
      expect.objectContaining({ code: "request-invalid" }),
    );
  });
});
