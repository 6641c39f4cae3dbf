import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bf16ToFloat32, float32ToBf16, float32ToFp16, fp16ToFloat32 } from "./index.ts";

/** A format by its definition: all finite values from zero up, in the order of their bits. */
interface Format {
  readonly toNumbers: (bits: Uint16Array) => Float32Array;
  readonly toBits: (values: Float32Array) => Uint16Array;
  /** Bits of positive infinity. */
  readonly infinity: number;
  /** Values by bits, 0 to `infinity`; the last is where the next power of two would be. */
  readonly ladder: readonly number[];
}

/** `sign · 2^e · m` from the definition of a binary float, by arithmetic on doubles, not on bits. */
function ladderOf(exponentBits: number, mantissaBits: number): number[] {
  const bias = 2 ** (exponentBits - 1) - 1;
  const perExponent = 2 ** mantissaBits;
  const infinity = (2 ** exponentBits - 1) * perExponent;
  return Array.from({ length: infinity + 1 }, (_, bits) => {
    const exponent = Math.floor(bits / perExponent);
    const fraction = (bits % perExponent) / perExponent;
    return exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias);
  });
}

const FORMATS: Record<string, Format> = {
  FP16: { toNumbers: fp16ToFloat32, toBits: float32ToFp16, infinity: 0x7c00, ladder: ladderOf(5, 10) },
  BF16: { toNumbers: bf16ToFloat32, toBits: float32ToBf16, infinity: 0x7f80, ladder: ladderOf(8, 7) },
};

/** Nearest step of the ladder by search and distance; of two equally near the one with even bits. */
function nearest({ ladder }: Format, value: number): number {
  const magnitude = Math.min(Math.abs(value), ladder.at(-1) ?? 0);
  let low = 0;
  let high = ladder.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((ladder[middle] ?? 0) <= magnitude) low = middle;
    else high = middle;
  }
  const below = magnitude - (ladder[low] ?? 0);
  const above = (ladder[high] ?? 0) - magnitude;
  const bits = below < above || (below === above && low % 2 === 0) ? low : high;
  return bits + (value < 0 || Object.is(value, -0) ? 0x8000 : 0);
}

function everyPattern(): Uint16Array {
  return Uint16Array.from({ length: 0x10000 }, (_, bits) => bits);
}

// The tests below compare first and show a few failures: a diff of 65,536 rows takes longer than a test may.

/** The FP32 next to a positive one, up or down. */
function neighbour(value: number, step: 1 | -1): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer);
  bits[0] = (bits[0] ?? 0) + step;
  return new Float32Array(bits.buffer)[0] ?? 0;
}

describe.each(Object.entries(FORMATS))("%s", (_name, format) => {
  const { toNumbers, toBits, infinity, ladder } = format;

  it("decodes all 65,536 patterns to their definition", () => {
    const wrong = [...toNumbers(everyPattern())].filter((value, bits) => {
      const magnitude = bits & 0x7fff;
      const sign = bits & 0x8000 ? -1 : 1;
      if (magnitude > infinity) return !Number.isNaN(value);
      const want = magnitude === infinity ? Number.POSITIVE_INFINITY : (ladder[magnitude] ?? Number.NaN);
      return !Object.is(value, sign * want);
    });
    expect(wrong.slice(0, 3)).toEqual([]);
  });

  it("gives each of them back, NaN payloads too", () => {
    const back = toBits(toNumbers(everyPattern()));
    expect([...everyPattern()].filter((bits) => back[bits] !== bits).slice(0, 3)).toEqual([]);
  });

  it("sends every tie to the even neighbour, and what is next to a tie to the nearer one", () => {
    const ties = ladder.slice(0, infinity).map((value, bits) => (value + (ladder[bits + 1] ?? 0)) / 2);
    expect(ties.filter((tie) => Math.fround(tie) !== tie).slice(0, 3)).toEqual([]);
    for (const values of [
      ties,
      ties.map((tie) => neighbour(tie, 1)),
      ties.map((tie) => neighbour(tie, -1)),
    ]) {
      const signed = [...values, ...values.map((value) => -value)];
      const got = toBits(Float32Array.from(signed));
      expect(signed.filter((value, at) => got[at] !== nearest(format, value)).slice(0, 3)).toEqual([]);
    }
  });

  it("rounds any FP32 as a search for the nearest does", () => {
    const bits32 = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(fc.array(bits32, { minLength: 1, maxLength: 64 }), (patterns) => {
        const values = new Float32Array(Uint32Array.from(patterns).buffer);
        const got = toBits(values);
        for (const [at, value] of values.entries()) {
          if (Number.isNaN(value)) expect((got[at] ?? 0) & 0x7fff).toBeGreaterThan(infinity);
          else expect(got[at]).toBe(nearest(format, value));
        }
      }),
      { numRuns: 500 },
    );
  });

  it("keeps a NaN whose payload does not fit a NaN", () => {
    const signalling = new Float32Array(Uint32Array.of(0x7f800001, 0xff800001).buffer);
    const [positive = 0, negative = 0] = toBits(signalling);
    expect(positive).toBeGreaterThan(infinity);
    expect(negative - 0x8000).toBe(positive);
  });
});

describe("FP16 landmarks", () => {
  it.each([
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [65519.996, 0x7bff],
    [65520, 0x7c00],
    [-1e30, 0xfc00],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000],
    [2 ** -25 * 1.0001, 0x0001],
    [-0, 0x8000],
    [Number.NEGATIVE_INFINITY, 0xfc00],
  ])("%d is %d", (value, bits) => {
    expect(float32ToFp16(Float32Array.of(value))).toEqual(Uint16Array.of(bits));
  });

  it("reads a view that does not start its buffer", () => {
    const values = Float32Array.of(9, 1, -2);
    expect(float32ToFp16(values.subarray(1))).toEqual(Uint16Array.of(0x3c00, 0xc000));
    expect(float32ToBf16(values.subarray(1))).toEqual(Uint16Array.of(0x3f80, 0xc000));
  });
});
