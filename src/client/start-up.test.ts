import { createRequire } from "node:module";
import { expect, it } from "vitest";

/** Packages of the gRPC library that this process has loaded. */
function loaded(): string[] {
  const files = Object.keys(createRequire(import.meta.url).cache);
  const names = files.flatMap((file) => /node_modules[\\/](@grpc[\\/][^\\/]+)/.exec(file)?.[1] ?? []);
  return [...new Set(names)].sort();
}

it("loads the gRPC library when something connects, and not before", async () => {
  const { connect } = await import("../client-only.ts");
  expect(loaded()).toEqual([]);
  await expect(connect("127.0.0.1:1", { deadlineMs: 5000 })).rejects.toMatchObject({ code: "unreachable" });
  expect(loaded()).toEqual(["@grpc/grpc-js", "@grpc/proto-loader"]);
});
