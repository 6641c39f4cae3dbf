import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { WritableStream } from "node:stream/web";
import { TriptychError } from "../../errors/index.ts";
import type { Tensor } from "../../tensor/index.ts";

/** Where a clip's bytes can go: a stream of Node's, or one of the web's. */
export type ByteTarget = Writable | WritableStream<Uint8Array>;

/** What of a clip goes to a stream. */
export interface PipeOptions {
  /** The MP4, or the raw frames one after the other, 3 bytes a pixel; the MP4 by default. */
  readonly what?: "video" | "frames" | undefined;
  /** True to leave the stream open at the end. */
  readonly keepOpen?: boolean | undefined;
}

/** Bytes of the MP4 that are handed over at a time. */
const PIECE_BYTES = 2 ** 18;

/** Sends a clip's bytes to a stream at its pace. No byte is copied: what is written are views. */
export async function pipeClip(
  clip: { readonly video: Uint8Array; readonly frames?: Tensor<"UINT8"> | undefined },
  target: ByteTarget,
  { what = "video", keepOpen = false }: PipeOptions = {},
): Promise<void> {
  const pieces = what === "video" ? cut(clip.video, PIECE_BYTES) : framesOf(clip.frames);
  const writable = target instanceof Writable ? target : Writable.fromWeb(target);
  try {
    await pipeline(Readable.from(pieces), writable, { end: !keepOpen });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TriptychError("output-unwritable", `The stream took only a part of the clip: ${reason}.`, {
      hint: "See who reads the stream and why that ended; the clip is still whole.",
      cause,
    });
  }
}

function framesOf(frames: Tensor<"UINT8"> | undefined): Iterable<Uint8Array> {
  if (frames !== undefined) return cut(frames.data, Math.max(1, frames.data.length / (frames.shape[0] ?? 1)));
  throw new TriptychError("request-invalid", "pipeTo: expected a clip with frames, got one without.", {
    hint: "Ask for them: generate({ …, frames: true }).",
  });
}

function* cut(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
