import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { cacheFolder, freeBytes, writeFailure } from "./cache-folder.ts";

describe("cacheFolder", () => {
  it.each([
    ["the caller's choice", "/a/b", { TRIPTYCH_CACHE: "/own", XDG_CACHE_HOME: "/xdg" }, "/a/b"],
    ["TRIPTYCH_CACHE", undefined, { TRIPTYCH_CACHE: "/own", XDG_CACHE_HOME: "/xdg" }, "/own"],
    ["XDG_CACHE_HOME", undefined, { TRIPTYCH_CACHE: "", XDG_CACHE_HOME: "/xdg" }, "/xdg/triptych"],
    ["the home folder", undefined, {}, path.join(homedir(), ".cache/triptych")],
    [
      "the home folder, where XDG's is relative",
      "",
      { XDG_CACHE_HOME: "x" },
      path.join(homedir(), ".cache/triptych"),
    ],
  ])("takes %s", (_, chosen, env, folder) => {
    expect(cacheFolder(chosen, env)).toBe(folder);
  });
});

describe("writeFailure", () => {
  it.each([
    ["ENOSPC", "disk-full"],
    ["EDQUOT", "disk-full"],
    ["EROFS", "cache-unwritable"],
    ["EACCES", "cache-unwritable"],
  ])("%s is %s", (reason, code) => {
    const error = writeFailure("/cache", Object.assign(new TypeError("no"), { code: reason }));
    expect(error).toMatchObject({ code, hint: expect.stringContaining("TRIPTYCH_CACHE") as string });
    expect(writeFailure("/other", error)).toBe(error);
  });

  it("does not hide a mistake of ours", () => {
    expect(writeFailure("/cache", new TypeError("undefined is not a path")).code).toBe("internal");
  });
});

it("measures a folder that is not there yet by the one above it", async () => {
  await expect(freeBytes(path.join(tmpdir(), "not/there/yet"))).resolves.toBeGreaterThan(0);
});
