import { PNG } from "pngjs";
import { expect, it } from "vitest";
import { tensor } from "../tensor/index.ts";
import { contactSheet } from "./contact-sheet.ts";

/** A clip whose frame f is all of the colour (first + f, 0, 255), but for a green pixel in its upper left corner. */
function clip(count: number, first = 0) {
  const [height, width] = [2, 3];
  const data = new Uint8Array(count * height * width * 3);
  for (let frame = 0; frame < count; frame += 1) {
    for (let pixel = 0; pixel < height * width; pixel += 1) {
      const colour = pixel === 0 ? [0, 255, 0] : [first + frame, 0, 255];
      data.set(colour, (frame * height * width + pixel) * 3);
    }
  }
  return tensor("UINT8", [count, height, width, 3], data);
}

/** Pictures of 3 x 2, twice as large, with 4 pixels around each. */
const LAYOUT = { columns: 3, enlarge: 2 };
const CELL = { width: 10, height: 8 };

function pixel(png: PNG, x: number, y: number): number[] {
  return [...png.data.subarray((y * png.width + x) * 4, (y * png.width + x) * 4 + 4)];
}

it("draws a row a clip, from its first frame to its last", () => {
  const png = PNG.sync.read(Buffer.from(contactSheet([clip(5), clip(9, 100)], LAYOUT)));
  expect([png.width, png.height]).toEqual([3 * CELL.width + 4, 2 * CELL.height + 4]);
  const reds = [0, 1].map((row) =>
    [0, 1, 2].map((column) => pixel(png, 4 + column * CELL.width + 5, 4 + row * CELL.height + 3)[0]),
  );
  expect(reds).toEqual([
    [0, 2, 4],
    [100, 104, 108],
  ]);
});

it("enlarges pixels whole, and leaves white, opaque paper between pictures", () => {
  const png = PNG.sync.read(Buffer.from(contactSheet([clip(1)], LAYOUT)));
  for (const [x, y] of [
    [4, 4],
    [5, 4],
    [4, 5],
    [5, 5],
  ] as const)
    expect(pixel(png, x, y)).toEqual([0, 255, 0, 255]);
  expect(pixel(png, 6, 4)).toEqual([0, 0, 255, 255]);
  for (const [x, y] of [
    [0, 0],
    [3, 3],
    [10, 4],
    [4, 8],
  ] as const)
    expect(pixel(png, x, y)).toEqual([255, 255, 255, 255]);
});

it("shows a clip of fewer frames than columns, and one column", () => {
  const few = PNG.sync.read(Buffer.from(contactSheet([clip(2)], LAYOUT)));
  expect([0, 1, 2].map((column) => pixel(few, 4 + column * CELL.width + 5, 7)[0])).toEqual([0, 1, 1]);
  const one = PNG.sync.read(Buffer.from(contactSheet([clip(9)], { columns: 1, enlarge: 1 })));
  expect([one.width, one.height]).toEqual([11, 10]);
});

it.each([
  ["no clips", []],
  ["a clip that is not of pictures", [tensor("UINT8", [4, 4], new Uint8Array(16))]],
])("refuses %s", (_, clips) => {
  expect(() => contactSheet(clips, LAYOUT)).toThrow(expect.objectContaining({ code: "tensor-invalid" }));
});
