/**
 * FP16 and BF16 to FP32 and back, element by element, to nearest with ties to even.
 *
 * All four work on bits. A NaN keeps its sign and as much of its payload as fits, so that
 * decoding and encoding again gives the very same bits for each of the 65,536 patterns.
 */

const F32_INFINITY = 0x7f800000;

/** Half of the smallest FP16, 2^-25: the greatest magnitude that rounds to zero (a tie, and zero is even). */
const FP16_ZERO_UP_TO = 0x33000000;
/** The smallest normal FP16, 2^-14. */
const FP16_NORMAL_FROM = 0x38800000;
/** Midway between the greatest FP16 and the next power of two, 65520: a tie, and infinity is even. */
const FP16_INFINITE_FROM = 0x477ff000;

let fp16Table: Uint32Array | undefined;

/**
 * FP16 bits as numbers; exact.
 *
 * @param bits - One FP16 an element.
 */
export function fp16ToFloat32(bits: Uint16Array): Float32Array {
  // 256 KiB, made at first use: a lookup is several times faster than three branches an element.
  fp16Table ??= Uint32Array.from({ length: 0x10000 }, (_, half) => fp16ToBits(half));
  const table = fp16Table;
  const result = new Uint32Array(bits.length);
  for (let at = 0; at < bits.length; at++) result[at] = table[bits[at] ?? 0] ?? 0;
  return new Float32Array(result.buffer);
}

/**
 * Numbers as FP16 bits, rounded to nearest, ties to even. From 65520 on they become infinite;
 * up to 2^-25 they become zero, with their sign.
 */
export function float32ToFp16(values: Float32Array): Uint16Array {
  const source = bitsOf(values);
  const result = new Uint16Array(source.length);
  for (let at = 0; at < source.length; at++) result[at] = bitsToFp16(source[at] ?? 0);
  return result;
}

/**
 * BF16 bits as numbers; exact.
 *
 * @param bits - One BF16 an element.
 */
export function bf16ToFloat32(bits: Uint16Array): Float32Array {
  const result = new Uint32Array(bits.length);
  for (let at = 0; at < bits.length; at++) result[at] = (bits[at] ?? 0) << 16;
  return new Float32Array(result.buffer);
}

/** Numbers as BF16 bits, rounded to nearest, ties to even; what passes the greatest BF16 becomes infinite. */
export function float32ToBf16(values: Float32Array): Uint16Array {
  const source = bitsOf(values);
  const result = new Uint16Array(source.length);
  for (let at = 0; at < source.length; at++) result[at] = bitsToBf16(source[at] ?? 0);
  return result;
}

function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

function fp16ToBits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >>> 10) & 0x1f;
  const mantissa = half & 0x3ff;
  if (exponent === 0x1f) return (sign | F32_INFINITY | (mantissa << 13)) >>> 0;
  if (exponent !== 0) return (sign | ((exponent + 112) << 23) | (mantissa << 13)) >>> 0;
  if (mantissa === 0) return sign >>> 0;
  // A subnormal is normal in FP32: shift its first 1 to where the hidden bit stands.
  const shift = Math.clz32(mantissa) - 21;
  return (sign | ((113 - shift) << 23) | (((mantissa << shift) & 0x3ff) << 13)) >>> 0;
}

function bitsToFp16(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > F32_INFINITY) {
    const payload = (magnitude >>> 13) & 0x3ff;
    // A payload that does not fit must not turn a NaN into an infinity.
    return sign | 0x7c00 | (payload === 0 ? 0x200 : payload);
  }
  if (magnitude >= FP16_INFINITE_FROM) return sign | 0x7c00;
  // A carry out of the mantissa raises the exponent, which is just what rounding up needs.
  if (magnitude >= FP16_NORMAL_FROM) return sign | roundedShift(magnitude - 0x38000000, 13);
  if (magnitude <= FP16_ZERO_UP_TO) return sign;
  return sign | roundedShift((magnitude & 0x7fffff) | 0x800000, 126 - (magnitude >>> 23));
}

function bitsToBf16(bits: number): number {
  if ((bits & 0x7fffffff) <= F32_INFINITY) return roundedShift(bits, 16);
  const upper = bits >>> 16;
  return (upper & 0x7f) === 0 ? upper | 0x40 : upper;
}

/** `bits / 2^shift` to the nearest whole number, ties to even. */
function roundedShift(bits: number, shift: number): number {
  const odd = (bits >>> shift) & 1;
  return (bits + (1 << (shift - 1)) - 1 + odd) >>> shift;
}
