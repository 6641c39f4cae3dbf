import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { WritableStream } from "node:stream/web";
import { TriptychError } from "../../errors/index.ts";
import type { Tensor } from "../../tensor/index.ts";
import { givenOptions, shownValue } from "../shown.ts";

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

const WHAT: readonly string[] = ["video", "frames"];

/** Sends a clip's bytes to a stream at its pace. No byte is copied: what is written are views. */
export async function pipeClip(
  clip: { readonly video: Uint8Array; readonly frames?: Tensor<"UINT8"> | undefined },
  target: ByteTarget,
  options?: PipeOptions,
): Promise<void> {
  const { what = "video", keepOpen = false } = givenOptions(options) ?? {};
  if (!WHAT.includes(what)) throw refused(`what: expected "video" or "frames", got ${shownValue(what)}`);
  const writable = writableOf(target);
  const pieces = what === "video" ? cut(clip.video, PIECE_BYTES) : framesOf(clip.frames);
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

/** Streams of other realms and libraries are ones too, so what they can do is looked at. */
function writableOf(target: ByteTarget): Writable {
  const { getWriter, write, on }: Partial<Record<"getWriter" | "write" | "on", unknown>> = Object(
    target,
  ) as object;
  if (typeof write === "function" && typeof on === "function") return target as Writable;
  if (typeof getWriter === "function") return Writable.fromWeb(target as WritableStream);
  throw refused(`expected a stream of Node's or the web's to write to, got ${shownValue(target)}`);
}

function framesOf(frames: Tensor<"UINT8"> | undefined): Iterable<Uint8Array> {
  if (frames !== undefined) return cut(frames.data, Math.max(1, frames.data.length / (frames.shape[0] ?? 1)));
  throw refused(
    "expected a clip with frames, got one without",
    "Ask for them: generate({ …, frames: true }).",
  );
}

function refused(problem: string, hint = "See the documentation of Clip.pipeTo."): TriptychError {
  return new TriptychError("request-invalid", `pipeTo: ${problem}.`, { hint });
}

function* cut(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
