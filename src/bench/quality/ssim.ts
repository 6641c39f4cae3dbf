import { type Frames, lumaOf, sizeOf } from "./pictures.ts";

/** Side of the window, and the constants of the paper for values of 0…255. */
const WINDOW = 7;
const C1 = (0.01 * 255) ** 2;
const C2 = (0.03 * 255) ** 2;

/** Sums over windows of a picture by a table of sums: four look-ups a window. */
function windowSums(values: Float64Array, height: number, width: number): Float64Array {
  const stride = width + 1;
  const table = new Float64Array((height + 1) * stride);
  const at = (row: number, column: number): number => table[row * stride + column] ?? 0;
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const value = values[row * width + column] ?? 0;
      table[(row + 1) * stride + column + 1] =
        value + at(row, column + 1) + at(row + 1, column) - at(row, column);
    }
  }
  const [rows, columns] = [height - WINDOW + 1, width - WINDOW + 1];
  return Float64Array.from({ length: rows * columns }, (_, index) => {
    const [row, column] = [Math.floor(index / columns), index % columns];
    const [below, right] = [row + WINDOW, column + WINDOW];
    return at(below, right) - at(row, right) - at(below, column) + at(row, column);
  });
}

const product = (a: Float64Array, b: Float64Array): Float64Array =>
  a.map((value, index) => value * (b[index] ?? 0));

/** Structural similarity of two pictures with a square window and sample covariances, as Wang et al. (2004). */
function ssimOf(a: Float64Array, b: Float64Array, height: number, width: number): number {
  const sums = [a, b, product(a, a), product(b, b), product(a, b)].map((values) =>
    windowSums(values, height, width),
  );
  const n = WINDOW ** 2;
  const windows = sums[0]?.length ?? 0;
  let total = 0;
  for (let index = 0; index < windows; index += 1) {
    const [sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0] = sums.map((sum) => sum[index] ?? 0);
    const [ma, mb] = [sa / n, sb / n];
    const covariance = (sum: number, x: number, y: number): number => (sum - n * x * y) / (n - 1);
    const luminance = (2 * ma * mb + C1) / (ma ** 2 + mb ** 2 + C1);
    const structure =
      (2 * covariance(sab, ma, mb) + C2) / (covariance(saa, ma, ma) + covariance(sbb, mb, mb) + C2);
    total += luminance * structure;
  }
  return total / windows;
}

/** Mean structural similarity of the luma of two clips' frames; 1 where they are equal. */
export function ssim(a: Frames, b: Frames): number {
  const { count, height, width } = sizeOf(a);
  let sum = 0;
  for (let frame = 0; frame < count; frame += 1)
    sum += ssimOf(lumaOf(a, frame), lumaOf(b, frame), height, width);
  return sum / count;
}
