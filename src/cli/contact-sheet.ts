import { PNG } from "pngjs";
import { TriptychError } from "../errors/index.ts";
import type { Tensor } from "../tensor/index.ts";

/** Pixels between two pictures of a sheet. */
const GAP = 4;

/** Background of a sheet. */
const PAPER = 0xff;

/** Layout of a contact sheet: which frames of each clip, and how much larger. */
export interface SheetOptions {
  /** Pictures in a row, spread evenly over the clip. */
  readonly columns: number;
  /** Whole factor by which a picture grows. */
  readonly enlarge: number;
}

interface Size {
  readonly count: number;
  readonly height: number;
  readonly width: number;
}

function sizeOf(frames: Tensor<"UINT8">): Size {
  const [count, height, width, channels] = frames.shape;
  if (count === undefined || height === undefined || width === undefined || channels !== 3) {
    throw new TriptychError(
      "tensor-invalid",
      `FRAMES: expected [F, H, W, 3], got [${frames.shape.join(", ")}]`,
    );
  }
  return { count, height, width };
}

function chosen(count: number, columns: number): number[] {
  const last = Math.max(columns - 1, 1);
  return Array.from({ length: columns }, (_, column) => Math.round((column * (count - 1)) / last));
}

/** Copies one frame, enlarged, to a place in the sheet. */
function draw(png: PNG, frame: Uint8Array, size: Size, enlarge: number, left: number, top: number): void {
  for (let y = 0; y < size.height * enlarge; y += 1) {
    for (let x = 0; x < size.width * enlarge; x += 1) {
      const from = (Math.floor(y / enlarge) * size.width + Math.floor(x / enlarge)) * 3;
      png.data.set(frame.subarray(from, from + 3), ((top + y) * png.width + left + x) * 4);
    }
  }
}

/**
 * Draws clips as a PNG: one row a clip, frames from its first to its last.
 *
 * @param clips - FRAMES tensors, UINT8 [F, H, W, 3], all of one size
 */
export function contactSheet(
  clips: readonly Tensor<"UINT8">[],
  { columns, enlarge }: SheetOptions,
): Uint8Array {
  const [first] = clips;
  if (first === undefined)
    throw new TriptychError("tensor-invalid", "a contact sheet needs at least one clip");
  const size = sizeOf(first);
  const cell = { width: size.width * enlarge + GAP, height: size.height * enlarge + GAP };
  const png = new PNG({ width: columns * cell.width + GAP, height: clips.length * cell.height + GAP });
  png.data.fill(PAPER);
  const bytes = size.height * size.width * 3;
  for (const [row, clip] of clips.entries()) {
    for (const [column, index] of chosen(sizeOf(clip).count, columns).entries()) {
      const frame = clip.data.subarray(index * bytes, (index + 1) * bytes);
      draw(png, frame, size, enlarge, GAP + column * cell.width, GAP + row * cell.height);
    }
  }
  return PNG.sync.write(png);
}
