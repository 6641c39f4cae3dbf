import type { VariantRecords } from "../records/collect.ts";
import { rank } from "../stats/percentile.ts";
import type { Bin, Stretch } from "./types.ts";

/** As many as a plot of this width can show. */
const STRETCHES = 120;
const BINS = 40;

function stretchOf(group: readonly number[], atMs: number): Stretch {
  const sorted = Float64Array.from(group).sort();
  return {
    atSeconds: atMs / 1000,
    n: sorted.length,
    min: sorted[0] ?? 0,
    median: rank(sorted, 50),
    max: sorted.at(-1) ?? 0,
  };
}

/** Response times over the run, by when the requests were due. */
export function overTime(requests: VariantRecords): Stretch[] {
  const due = requests.dueMs.values();
  const response = requests.responseMs();
  if (due.length === 0) return [];
  const [first, last] = bounds(due);
  const width = (last - first) / STRETCHES || 1;
  const groups = new Map<number, number[]>();
  for (const [index, time] of due.entries()) {
    const place = Math.min(STRETCHES - 1, Math.floor((time - first) / width));
    const group = groups.get(place) ?? [];
    group.push(response[index] ?? 0);
    groups.set(place, group);
  }
  return [...groups]
    .sort(([a], [b]) => a - b)
    .map(([place, group]) => stretchOf(group, (place + 0.5) * width));
}

/** The least and the greatest of many values, which do not fit a call's arguments. */
function bounds(values: Float64Array): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

/** How response times are spread: bars of equal width from the least to the greatest. */
export function distribution(response: Float64Array): Bin[] {
  if (response.length === 0) return [];
  const [least, greatest] = bounds(response);
  const width = (greatest - least) / BINS;
  const counts = new Array<number>(width === 0 ? 1 : BINS).fill(0);
  for (const value of response) {
    const place = width === 0 ? 0 : Math.min(BINS - 1, Math.floor((value - least) / width));
    counts[place] = (counts[place] ?? 0) + 1;
  }
  return counts.map((count, place) => ({
    fromMs: least + place * width,
    toMs: least + (place + 1) * width,
    count,
  }));
}
