import { describe, expect, it } from "vitest";
import { channelOptions, isLoopback, openChannel } from "./channel.ts";

describe("the channel", () => {
  it("has no size limit, a wide window and no keepalive", () => {
    const options = channelOptions("triton.example:8001");
    expect(options).toMatchObject({
      "grpc.max_receive_message_length": -1,
      "grpc.max_send_message_length": -1,
      "grpc-node.flow_control_window": 16 * 1024 * 1024,
    });
    expect(Object.keys(options).filter((name) => /keepalive|proxy/.test(name))).toEqual([]);
  });

  it.each(["127.0.0.1:8001", "localhost:8001", "[::1]:8001", "unix:/tmp/triton.sock", "dns:///localhost:1"])(
    "goes to %s past any proxy",
    (endpoint) => {
      expect(isLoopback(endpoint)).toBe(true);
      expect(channelOptions(endpoint)["grpc.enable_http_proxy"]).toBe(0);
    },
  );

  it.each(["localhost.example:8001", "10.127.0.0:1", "triton:8001"])(
    "may need a proxy for %s",
    (endpoint) => {
      expect(isLoopback(endpoint)).toBe(false);
    },
  );

  it.each(["http://127.0.0.1:8001", "https://triton", "grpc://triton:8001", "triton", "", "triton:"])(
    "refuses %j, which is no endpoint",
    (endpoint) => {
      expect(() => openChannel(endpoint)).toThrow(
        expect.objectContaining({
          code: "unreachable",
          message: expect.stringContaining("host:port") as string,
        }),
      );
    },
  );

  it.each([
    { privateKey: Buffer.from("x") },
    { privateKey: Buffer.from("x"), certificateChain: Buffer.from("not PEM") },
  ])("refuses credentials that are none (%#)", (credentials) => {
    expect(() => openChannel("triton:8001", credentials)).toThrow(
      expect.objectContaining({ code: "request-invalid" }),
    );
  });

  it.each(["triton:8001", "[::1]:8001", "unix:/tmp/t.sock", "unix:///tmp/t.sock", "dns:///triton:8001"])(
    "takes %s, with and without encryption",
    (endpoint) => {
      openChannel(endpoint).close();
      openChannel(endpoint, {}).close();
    },
  );
});
