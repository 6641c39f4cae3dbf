import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeFolder, writeError, writeOutput, writeWhole } from "./index.ts";

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

  it("keeps who may read a file that it writes over", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "triptych-files-")), "config.pbtxt");
    writeFileSync(file, "secret");
    chmodSync(file, 0o600);
    const isRoot = process.getuid?.() === 0;
    if (isRoot) chownSync(file, 65534, 65534);
    await writeWhole(file, "mended", REFUSAL);
    const { mode, uid } = statSync(file);
    expect([readFileSync(file, "utf8"), mode & 0o777]).toEqual(["mended", 0o600]);
    if (isRoot) expect(uid).toBe(65534);
  });

  it("refuses with the caller's code, and leaves what was there", async () => {
    const folder = mkdtempSync(join(tmpdir(), "triptych-files-"));
    writeFileSync(join(folder, "file"), "stays");
    await expect(writeWhole(join(folder, "file/below"), "x", REFUSAL)).rejects.toMatchObject(REFUSAL);
    await expect(writeWhole(folder, "x", REFUSAL)).rejects.toMatchObject({ code: "output-unwritable" });
    expect(readdirSync(folder)).toEqual(["file"]);
  });
});

describe("writeOutput", () => {
  const place = (): string => mkdtempSync(join(tmpdir(), "triptych-files-"));

  it("follows a symbolic link, also one whose end is not there yet", async () => {
    const folder = place();
    mkdirSync(join(folder, "other"));
    writeFileSync(join(folder, "other/real.mp4"), "old");
    symlinkSync("other/real.mp4", join(folder, "link.mp4"));
    symlinkSync("other/new.mp4", join(folder, "dangling.mp4"));
    await writeOutput(join(folder, "link.mp4"), "new", REFUSAL);
    await writeOutput(join(folder, "dangling.mp4"), "first", REFUSAL);
    expect(readFileSync(join(folder, "other/real.mp4"), "utf8")).toBe("new");
    expect(readFileSync(join(folder, "other/new.mp4"), "utf8")).toBe("first");
    expect(lstatSync(join(folder, "link.mp4")).isSymbolicLink()).toBe(true);
    expect(readdirSync(join(folder, "other")).sort()).toEqual(["new.mp4", "real.mp4"]);
  });

  it("writes into a pipe, and leaves it one", async () => {
    const pipe = join(place(), "pipe");
    execFileSync("mkfifo", [pipe]);
    const [text] = await Promise.all([readFile(pipe, "utf8"), writeOutput(pipe, "through", REFUSAL)]);
    expect(text).toBe("through");
    expect(lstatSync(pipe).isFIFO()).toBe(true);
  });

  it.runIf(existsSync("/dev/full"))("tells of a device that is full", async () => {
    await expect(writeOutput("/dev/full", "x", REFUSAL)).rejects.toMatchObject({ code: "disk-full" });
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
