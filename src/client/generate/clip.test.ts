import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { tensor } from "../../tensor/index.ts";
import { readClip } from "./clip.ts";
import type { Clip } from "./types.ts";

/** Makes writing fail half-way, which no test can ask of a real disk. */
const writing = vi.hoisted(() => ({ failure: undefined as Error | undefined }));

vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof import("node:fs/promises")>();
  const fail = async (...args: Parameters<typeof real.writeFile>): Promise<void> => {
    await real.writeFile(...args);
    if (writing.failure !== undefined) throw writing.failure;
  };
  return { ...real, writeFile: fail };
});

const TIMINGS = {
  encodeMs: 0,
  sendMs: 0,
  waitMs: 0,
  receiveMs: 0,
  decodeMs: 0,
  totalMs: 0,
  firstResponseMs: 0,
  steps: [],
};
const MADE = { used: { seed: 7n, steps: 4 }, stages: [], timings: TIMINGS };
const VIDEO = tensor("BYTES", [1], [Uint8Array.of(1, 2, 3)]);

const clip = (): Clip => readClip({ VIDEO }, MADE);

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "triptych-clip-"));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

describe("readClip", () => {
  it("has frames and latent only where they came", () => {
    expect(Object.keys(clip())).toEqual(["video", "used", "stages", "timings", "save", "pipeTo"]);
    const frames = tensor("UINT8", [1], Uint8Array.of(1));
    const latent = tensor("FP32", [1], Float32Array.of(1));
    expect(readClip({ VIDEO, FRAMES: frames, LATENT: latent }, MADE)).toMatchObject({ frames, latent });
  });

  it.each([
    ["an empty video", { VIDEO: tensor("BYTES", [1], [""]) }, "VIDEO: expected an MP4, got 0 bytes"],
    ["no video", {}, "VIDEO: expected one element, got none"],
    ["two videos", { VIDEO: tensor("BYTES", [2], ["a", "b"]) }, "VIDEO: expected one element, got 2"],
    [
      "a video of numbers",
      { VIDEO: tensor("UINT8", [1], Uint8Array.of(1)) },
      "VIDEO: expected BYTES, got UINT8",
    ],
    [
      "frames of floats",
      { VIDEO, FRAMES: tensor("FP32", [1], Float32Array.of(1)) },
      "FRAMES: expected UINT8",
    ],
  ])("refuses %s", (_, outputs, message) => {
    expect(() => readClip(outputs, MADE)).toThrow(
      expect.objectContaining({
        code: "response-invalid",
        message: expect.stringContaining(message) as string,
      }),
    );
  });
});

describe("save", () => {
  it("writes the file and nothing beside it, over an older one too", async () => {
    const path = await folder();
    await writeFile(join(path, "clip.mp4"), "old and longer");
    await clip().save(join(path, "clip.mp4"));
    expect(await readdir(path)).toEqual(["clip.mp4"]);
    expect(await readFile(join(path, "clip.mp4"))).toEqual(Buffer.of(1, 2, 3));
  });

  it("says where it could not write", async () => {
    const file = join(await folder(), "a-file");
    await writeFile(file, "");
    const path = join(file, "clip.mp4");
    await expect(clip().save(path)).rejects.toMatchObject({
      code: "output-unwritable",
      message: expect.stringContaining(path) as string,
      cause: { code: "ENOTDIR" },
    });
  });

  it("leaves nothing behind when the last step fails", async () => {
    const path = await folder();
    await mkdir(join(path, "taken"));
    await expect(clip().save(join(path, "taken"))).rejects.toMatchObject({ code: "output-unwritable" });
    expect(await readdir(path)).toEqual(["taken"]);
  });

  it.each(["ENOSPC", "EDQUOT"])("tells a full disk (%s) apart", async (code) => {
    writing.failure = Object.assign(new SyntaxError("no space left on device"), { code });
    onTestFinished(() => {
      writing.failure = undefined;
    });
    const path = await folder();
    await expect(clip().save(join(path, "clip.mp4"))).rejects.toMatchObject({
      code: "disk-full",
      cause: { code },
    });
    expect(await readdir(path)).toEqual([]);
  });
});
