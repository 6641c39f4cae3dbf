import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeFolder, writeError, writeWhole } from "./index.ts";

const REFUSAL = { code: "output-unwritable", hint: "choose another place" } as const;

describe("makeFolder", () => {
  it("keeps the reason why a folder cannot be made", async () => {
    await expect(makeFolder("/proc/nowhere/folder")).rejects.toMatchObject({ code: "ENOENT" });
    await expect(makeFolder("/dev/null/folder")).rejects.toMatchObject({ code: "ENOTDIR" });
  });
});

describe("writeWhole", () => {
  it("makes the folders above and leaves nothing but the file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "triptych-files-"));
    await writeWhole(join(folder, "a/b/clip.mp4"), Uint8Array.of(1, 2), REFUSAL);
    await writeWhole(join(folder, "a/b/clip.mp4"), "new", REFUSAL);
    expect(readFileSync(join(folder, "a/b/clip.mp4"), "utf8")).toBe("new");
    expect(readdirSync(join(folder, "a/b"))).toEqual(["clip.mp4"]);
  });

  it("refuses with the caller's code, and leaves what was there", async () => {
    const folder = mkdtempSync(join(tmpdir(), "triptych-files-"));
    writeFileSync(join(folder, "file"), "stays");
    await expect(writeWhole(join(folder, "file/below"), "x", REFUSAL)).rejects.toMatchObject(REFUSAL);
    await expect(writeWhole(folder, "x", REFUSAL)).rejects.toMatchObject({ code: "output-unwritable" });
    expect(readdirSync(folder)).toEqual(["file"]);
  });
});

it.each([
  ["ENOSPC", "disk-full"],
  ["EDQUOT", "disk-full"],
  ["EROFS", "output-unwritable"],
])("tells %s as %s", (reason, code) => {
  const error = Object.assign(new Error("no"), { code: reason });
  expect(writeError(error, "/x", REFUSAL)).toMatchObject({ code });
});
