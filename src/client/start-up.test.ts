import { expect, it, vi } from "vitest";

const { loaded } = vi.hoisted(() => ({ loaded: new Set<string>() }));

vi.mock("@grpc/grpc-js", async (original) => {
  loaded.add("@grpc/grpc-js");
  return original();
});
vi.mock("@grpc/proto-loader", async (original) => {
  loaded.add("@grpc/proto-loader");
  return original();
});

it("loads the gRPC library when something connects, and not before", async () => {
  const { connect } = await import("../client-only.ts");
  expect([...loaded]).toEqual([]);
  await expect(connect("127.0.0.1:1", { deadlineMs: 5000 })).rejects.toMatchObject({ code: "unreachable" });
  expect([...loaded].sort()).toEqual(["@grpc/grpc-js", "@grpc/proto-loader"]);
});
