/** Long enough for a clock tick to be nothing beside it. */
const SLICE_MS = 2;
const SLICES = 40;

function work(rounds: number): number {
  let value = 1;
  for (let round = 0; round < rounds; round += 1) value = Math.imul(value ^ round, 2_654_435_761) >>> 1;
  return value;
}

/** Rounds that take about a slice at the speed of the fastest of a few tries. */
function calibrate(): number {
  const rounds = 200_000;
  work(rounds);
  const tries = Array.from({ length: 5 }, () => timed(rounds));
  return Math.ceil((rounds * SLICE_MS) / Math.max(Math.min(...tries), 0.01));
}

function timed(rounds: number): number {
  const start = performance.now();
  work(rounds);
  return performance.now() - start;
}

/**
 * How much slower than at its best a fixed piece of work runs here, in nine of ten cases: 1 on a quiet machine, 2 where
 * somebody else has every core half of the time. Takes about a tenth of a second, while nothing else should be done.
 */
export function spinRatio(): number {
  const rounds = calibrate();
  const slices = Float64Array.from({ length: SLICES }, () => timed(rounds)).sort();
  const [best = 1, slow = 1] = [slices[0], slices[Math.floor(0.9 * SLICES)]];
  return slow / best;
}
