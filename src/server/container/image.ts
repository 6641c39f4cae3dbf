import { TriptychError } from "../../errors/index.ts";

/** Year and month of a release of NVIDIA's container. */
type Release = readonly [year: number, month: number];

const FLOOR: Release = [25, 8];
const SAFE: Release = [26, 7];

function parseRelease(tag: string): Release | undefined {
  const [, year, month] = /^(\d\d)\.(\d\d)(?:-|$)/.exec(tag) ?? [];
  return year === undefined ? undefined : [Number(year), Number(month)];
}

function isBefore([year, month]: Release, [otherYear, otherMonth]: Release): boolean {
  return year < otherYear || (year === otherYear && month < otherMonth);
}

/**
 * Judges an image's tag by the security faults that its release is known to have.
 *
 * @returns What is unwise about it.
 * @throws TriptychError `plan-impossible` for releases before 25.08, where a client that may load models can run
 * commands through the Python backend, and reach its shared memory.
 */
export function judgeTag(tag: string): string[] {
  const release = parseRelease(tag);
  if (release === undefined) return [`The image tag ${tag} names no release, so its security is not known`];
  if (isBefore(release, FLOOR)) {
    const message = `Triton ${tag} has known ways to run commands through the Python backend`;
    throw new TriptychError("plan-impossible", message, { hint: "Use the tag 26.07-py3 or newer." });
  }
  if (!isBefore(release, SAFE)) return [];
  return [`Triton ${tag} has known security faults; 26.07 and newer have them mended`];
}
