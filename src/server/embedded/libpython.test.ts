import { expect, it } from "vitest";
import { findLibpython, parseLoaderCache } from "./libpython.ts";

const CACHE = `1234 libs found in cache \`/etc/ld.so.cache'
	libpython3.11.so.1.0 (libc6) => /lib/i386-linux-gnu/libpython3.11.so.1.0
	libpython3.11.so.1.0 (libc6,x86-64) => /opt/lib/libpython3.11.so.1.0
	libpython3.1.so.1.0 (libc6,x86-64) => /opt/lib/libpython3.1.so.1.0
`;

it("reads the loader's cache", () => {
  expect(parseLoaderCache(CACHE, "libpython3.11.so.1.0")).toBe("/opt/lib/libpython3.11.so.1.0");
  expect(parseLoaderCache(CACHE, "libpython3.12.so.1.0")).toBeUndefined();
});

it("finds nothing for a version that nobody has", async () => {
  await expect(findLibpython("3.99", ["", "/nowhere"])).resolves.toBeUndefined();
});
