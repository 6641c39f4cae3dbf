// Both sides of a comparison as a ratio of medians with its interval.
const sorted = (values) => values.toSorted((a, b) => a - b);
const quantile = (values, q) => {
  const at = (values.length - 1) * q;
  const [low, high] = [Math.floor(at), Math.ceil(at)];
  return values[low] + (values[high] - values[low]) * (at - low);
};
export const median = (values) => quantile(sorted(values), 0.5);

/** A small generator, so that a report can be made again from its samples. */
function random(seed) {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

/** 95 % interval of a statistic of pairs, by resampling whole pairs. */
function interval(pairs, statistic) {
  const next = random(1);
  const draws = Array.from({ length: 2000 }, () =>
    statistic(Array.from(pairs, () => pairs[Math.floor(next() * pairs.length)])),
  );
  const ordered = sorted(draws);
  return [quantile(ordered, 0.025), quantile(ordered, 0.975)];
}

export function compare(name, a, b, target, unit = "ms") {
  const pairs = a.values.map((value, index) => [value, b.values[index]]);
  const ratioOf = (rows) => median(rows.map(([x]) => x)) / median(rows.map(([, y]) => y));
  const [low, high] = interval(pairs, ratioOf);
  const row = {
    name,
    a: a.name,
    b: b.name,
    n: pairs.length,
    medianA: median(a.values),
    medianB: median(b.values),
    iqrA: [quantile(sorted(a.values), 0.25), quantile(sorted(a.values), 0.75)],
    iqrB: [quantile(sorted(b.values), 0.25), quantile(sorted(b.values), 0.75)],
    ratio: ratioOf(pairs),
    low,
    high,
    target,
  };
  console.log(
    `${name}: ${row.ratio.toFixed(3)}x [${low.toFixed(3)}, ${high.toFixed(3)}], n = ${row.n}; ` +
      `${a.name} ${row.medianA.toFixed(1)} ${unit}, ${b.name} ${row.medianB.toFixed(1)} ${unit}; target ${target}`,
  );
  return row;
}
