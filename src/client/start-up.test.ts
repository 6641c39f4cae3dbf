import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

/** What a source file loads at once: no types, and nothing that it imports only when it runs. */
function importsOf(file: URL): string[] {
  const text = readFileSync(fileURLToPath(file), "utf8");
  const all = text.matchAll(/^(?:import|export)\s+(?!type\s)(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm);
  return [...all].map(([, name = ""]) => name);
}

/** Packages that a file loads, by itself or through others. */
function packagesOf(name: string): Set<string> {
  const packages = new Set<string>();
  const seen = new Set<string>();
  const walk = (file: URL): void => {
    if (seen.has(file.href)) return;
    seen.add(file.href);
    for (const imported of importsOf(file)) {
      if (!imported.startsWith(".")) packages.add(imported);
      else if (imported.endsWith(".ts")) walk(new URL(imported, file));
    }
  };
  walk(new URL(name, import.meta.url));
  return packages;
}

it("loads the gRPC library when something connects, and not before", () => {
  const outside = [...packagesOf("../client-only.ts")].filter((name) => !name.startsWith("node:"));
  expect(outside).toEqual([]);
  expect([...packagesOf("./transport/open.ts")]).toEqual(
    expect.arrayContaining(["@grpc/grpc-js", "@grpc/proto-loader"]),
  );
  expect(readFileSync(new URL("./connect.ts", import.meta.url), "utf8")).toContain(
    'await import("./transport/open.ts")',
  );
});
