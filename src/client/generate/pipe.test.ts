import { Writable } from "node:stream";
import { WritableStream } from "node:stream/web";
import { describe, expect, it } from "vitest";
import { tensor } from "../../tensor/index.ts";
import { pipeClip } from "./pipe.ts";

const video = Uint8Array.from({ length: 600_000 }, (_, at) => at % 251);
const frames = tensor(
  "UINT8",
  [3, 2, 4, 3],
  Uint8Array.from({ length: 72 }, (_, at) => at),
);

/** A slow target that notes what it gets. */
function slow(): { target: Writable; got: Uint8Array[] } {
  const got: Uint8Array[] = [];
  const target = new Writable({
    highWaterMark: 1,
    write: (chunk: Buffer, _, done) => {
      got.push(chunk);
      setTimeout(done, 2);
    },
  });
  return { target, got };
}

describe("a clip on its way to a stream", () => {
  it("is the MP4, in pieces that are views of it", async () => {
    const { target, got } = slow();
    await pipeClip({ video }, target);
    expect(Buffer.concat(got).equals(video)).toBe(true);
    expect(got.length).toBe(3);
    expect(got.every(({ buffer }) => buffer === video.buffer)).toBe(true);
    expect(target.writableFinished).toBe(true);
  });

  it("is one frame after the other where frames are wanted", async () => {
    const { target, got } = slow();
    await pipeClip({ video, frames }, target, { what: "frames", keepOpen: true });
    expect(got.map((frame) => [...frame])).toEqual(
      [0, 24, 48].map((at) => [...frames.data.subarray(at, at + 24)]),
    );
    expect(got.every(({ buffer }) => buffer === frames.data.buffer)).toBe(true);
    expect(target.writable).toBe(true);
  });

  it("goes to a stream of the web as well", async () => {
    const got: Uint8Array[] = [];
    const target = new WritableStream<Uint8Array>({
      write: (chunk) => {
        got.push(chunk);
      },
    });
    await pipeClip({ video }, target);
    expect(Buffer.concat(got).equals(video)).toBe(true);
  });

  it("says why a stream did not take it all", async () => {
    const target = new Writable({
      write: (_, __, done) => {
        done(new Error("the reader has gone"));
      },
    });
    await expect(pipeClip({ video }, target)).rejects.toMatchObject({
      code: "output-unwritable",
      message: "The stream took only a part of the clip: the reader has gone.",
    });
  });

  it("is refused where its frames were not asked for", async () => {
    await expect(pipeClip({ video }, slow().target, { what: "frames" })).rejects.toMatchObject({
      code: "request-invalid",
      hint: expect.stringContaining("frames: true") as string,
    });
  });
});
